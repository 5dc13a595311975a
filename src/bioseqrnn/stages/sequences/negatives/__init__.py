"""Negatives made from positives: shuffled sequences, or matched windows of a genome."""
