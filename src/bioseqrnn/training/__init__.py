"""Stage ``training``: recurrent classifiers, per fold and seed, and the final one."""
