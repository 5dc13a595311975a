"""The training stage: one network, or the final model."""
