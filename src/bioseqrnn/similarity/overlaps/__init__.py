"""Stretches that records share and chance does not explain: overlapping windows, fragments."""
