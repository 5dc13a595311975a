"""Recurrent networks: layers, the engine that computes them, the classifier and its files."""
