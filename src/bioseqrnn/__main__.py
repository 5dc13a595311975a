"""``python -m bioseqrnn`` is the same as ``bioseqrnn``."""

import sys

if __name__ == "__main__":
    # where Python was started, for a file yaml.py there is not what is meant
    if not sys.flags.safe_path:
        del sys.path[0]
    from bioseqrnn.cli import main

    main()
