"""Stage ``prediction``: the final model's calls for new FASTA, one row a record."""
