"""Stage ``transfer``: training against one kind of negatives, testing against another."""
