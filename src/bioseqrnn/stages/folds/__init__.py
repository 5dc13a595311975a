"""Stage ``folds``: roles of the records in each fold (``folds.parquet``)."""
