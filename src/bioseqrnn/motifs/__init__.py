"""Sequence motifs: their discovery in labelled sequences."""
