"""Acts on the ledger's own machinery that an auditor must see."""
