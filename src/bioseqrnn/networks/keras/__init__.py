"""Classifiers trained with Keras, read from their files without Keras."""
