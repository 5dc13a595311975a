"""Stage ``variants``: scores of both alleles of the variants of a VCF file."""
