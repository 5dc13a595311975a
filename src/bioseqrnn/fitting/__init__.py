"""The training loop, what it optimises, and the checkpoint it resumes from."""
