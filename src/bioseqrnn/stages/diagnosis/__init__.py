"""Stage ``diagnosis``: how far back the gradient of each trained network reaches."""
