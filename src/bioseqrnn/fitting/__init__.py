"""The training loop, its objective, and the checkpoint from which it resumes."""
