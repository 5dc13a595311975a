"""What a run is asked for, passed on to the processes that measure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

CELLS = ("rnn", "gru", "lstm")
Values = tuple[int, ...]


@dataclass(frozen=True)
class Options:
    """Sizes and repeats.

    Attributes
    ----------
    out : str
        Folder of the TSV files, one a section.
    seconds : float
        Time for the repeats of one comparison, beyond the fewest.
    fewest : int
        Repeats at least (3 where a single run takes more than 20 s).
    cells : tuple of str
    threads : tuple of int
    hidden, length, batch : tuple of int
        In place of a section's own sizes; empty for those.
    keras_python : str or None
        Interpreter that has Keras, TensorFlow and JAX.
    """

    out: str
    seconds: float = 2.0
    fewest: int = 5
    cells: tuple[str, ...] = CELLS
    threads: Values = (1, 2)
    hidden: Values = ()
    length: Values = ()
    batch: Values = ()
    keras_python: str | None = None

    def to_json(self) -> str:
        """Return the options for a command line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Options:
        """Read what ``to_json`` wrote."""
        given = json.loads(text)
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in given.items()})

    def table(self, section: str) -> Path:
        """Path of a section's TSV."""
        return Path(self.out) / f"{section}.tsv"
