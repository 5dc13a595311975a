"""Stage ``explanation``: which residues the networks decide by."""
