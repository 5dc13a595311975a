"""The final model: networks and baselines combined, in one file."""
