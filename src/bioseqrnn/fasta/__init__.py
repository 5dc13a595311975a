"""Any FASTA to records: opening, reading, labels, intervals, genomes, conversions."""
