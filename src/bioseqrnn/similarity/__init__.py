"""Which sequences are similar: alignments, identical records, shared stretches."""
