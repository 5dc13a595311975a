from bioseqrnn.api.model import Model as Model
from bioseqrnn.api.model import load_model as load_model
from bioseqrnn.api.sequences import read_sequences as read_sequences
from bioseqrnn.support.errors import InputError as InputError

__version__: str
