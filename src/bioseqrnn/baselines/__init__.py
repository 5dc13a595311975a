"""Baselines as models that are stored and loaded."""
