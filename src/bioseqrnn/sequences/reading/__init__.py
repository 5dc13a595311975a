"""Records from FASTA files: opened by content, read in blocks, named, packed."""
