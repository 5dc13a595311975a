"""Stage ``evaluation``: how good each network and baseline is, and how sure that is."""
