"""From files to the ledger: each import can be repeated, and the second run of the same file adds nothing."""
