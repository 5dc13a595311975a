"""bioseqrnn: recurrent-network classifiers of DNA and protein sequences.

Importing this package imports nothing heavy: every stage is a subpackage of its own
(``sequences``, ``folds``, ``training``, ``baselines``, ``evaluation``, ``prediction``, ``report``).
"""

from importlib.metadata import version

__version__ = version("bioseqrnn")
