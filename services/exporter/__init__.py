"""The ledger as Parquet files, for a district's own warehouse."""
