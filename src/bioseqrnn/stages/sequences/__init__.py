"""Stage ``sequences``: FASTA in, ``sequences.parquet`` (packed one-hot) and ``audit.tsv`` out."""
