"""Reading of FASTA files into records: opening, labels, intervals, genomes, conversions."""
