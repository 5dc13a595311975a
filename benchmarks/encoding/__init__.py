"""Speed and memory of encoding FASTA, and of reading the encoded sequences back."""
