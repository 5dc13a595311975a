"""Public sets through the whole workflow: what the networks reach beside every baseline."""
