"""Negatives made for datasets of positives: shuffles, or matched windows of a genome."""
