"""Stage ``final``: the networks and baselines of the final model are put together in one file."""
