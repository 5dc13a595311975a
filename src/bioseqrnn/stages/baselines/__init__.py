"""Stage ``baselines``: simple methods on the same folds, to see what a network adds."""
