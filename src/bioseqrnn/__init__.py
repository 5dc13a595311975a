"""bioseqrnn: recurrent-network classifiers of DNA and protein sequences.

Importing this package imports nothing heavy: the jobs are in ``stages``, the
libraries that they use in the other folders (docs/architecture.md).
"""

from importlib.metadata import version

__version__ = version("bioseqrnn")
