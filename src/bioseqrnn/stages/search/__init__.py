"""Stage ``search``: better settings of a model, from the training records of each fold alone."""
