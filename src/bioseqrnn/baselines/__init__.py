"""Simple methods that a network is compared with: fitted to records, kept as arrays, applied."""
