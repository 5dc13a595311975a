"""Stage ``verification``: results held against their manifest, and against project and machine."""
