"""Stage ``search``: better settings of a model, using only the training records of each fold."""
