"""The functions of ``import bioseqrnn``, for scripts and notebooks (docs/api.md).

They are thin: models, records and rows are those of the command ``predict``.
"""

from bioseqrnn.api.model import Model, load_model
from bioseqrnn.api.sequences import read_sequences
from bioseqrnn.support.errors import InputError

__all__ = ["InputError", "Model", "load_model", "read_sequences"]
