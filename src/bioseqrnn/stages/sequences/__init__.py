"""Stage ``sequences``: FASTA in, ``sequences.parquet`` (packed one-hot) and ``intake.tsv`` out."""
