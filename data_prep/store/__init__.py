"""What stays on disk: Parquet files by split, packed arrays, files of scores."""
