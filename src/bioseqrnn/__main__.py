"""``python -m bioseqrnn`` is the same as ``bioseqrnn``."""

from bioseqrnn.cli import main

if __name__ == "__main__":
    main()
