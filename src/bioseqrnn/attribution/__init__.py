"""Contribution of each residue to the output of a network."""
