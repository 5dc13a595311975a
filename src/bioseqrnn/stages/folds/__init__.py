"""Stage ``folds``: which records train, validate and test in each fold (``folds.parquet``)."""
