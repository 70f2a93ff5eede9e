"""The plain words of the ledger: one catalogue of texts a language, and policies told in them."""
