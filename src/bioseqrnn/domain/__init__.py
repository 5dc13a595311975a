"""Whether a record is like those that a model was trained on: length, composition, words."""
