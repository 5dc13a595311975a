"""Stage ``transfer``: trained against one kind of negatives, tested against another."""
