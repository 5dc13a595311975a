"""Stage ``prediction``: calls of the final model for new FASTA, one row per record."""
