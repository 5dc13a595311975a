"""Recurrent networks: layers, the engine they run on, the classifier, its files."""
