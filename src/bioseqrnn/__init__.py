"""bioseqrnn: recurrent-network classifiers of DNA and protein sequences.

``load_model``, ``read_sequences``, ``Model`` and ``InputError`` are for scripts and notebooks
(docs/api.md). Importing this package imports nothing heavy: these names are loaded when they are
first used. The jobs are in ``stages``, the libraries that they use in the other folders
(docs/architecture.md).
"""

from importlib import import_module
from importlib.metadata import version
from typing import Any

__version__ = version("bioseqrnn")
__all__ = ["InputError", "Model", "__version__", "load_model", "read_sequences"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'bioseqrnn' has no attribute '{name}'")
    return getattr(import_module("bioseqrnn.api"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
