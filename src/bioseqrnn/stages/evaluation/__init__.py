"""Stage ``evaluation``: scores of each network and baseline, and their uncertainty."""
