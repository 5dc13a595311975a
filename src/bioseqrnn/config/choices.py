"""The choices by name: recurrent cells, poolings, baselines, kinds of labels.

Each choice is one line here and the code that it names. The settings, the schemas, the options of
commands and the tables of ``config/README.md`` take the names from here; the code is imported when
the choice is used.

This module imports only the standard library, since the workflow loads it without the package.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Choice:
    """One choice.

    Attributes
    ----------
    code : str
        Location of its code: ``package.module`` or ``package.module:name``.
    meaning : str
        Description in one line.
    whole_records : bool
        Whether it needs one label for each record; then ``per_position`` datasets leave it out.
    informed : bool
        Whether the scores of a baseline depend on the sequence.
    """

    code: str
    meaning: str
    whole_records: bool = False
    informed: bool = True

    @property
    def module(self) -> str:
        """The module that the code is in."""
        return self.code.partition(":")[0]

    def load(self) -> Any:
        """Import the code: a module, or the object of that name in it."""
        found = import_module(self.module)
        name = self.code.partition(":")[2]
        return getattr(found, name) if name else found


Choices = dict[str, Choice]

# also listed in the module ``networks/cells``, since machine code depends on its imports
_CELLS = "bioseqrnn.networks.cells"
CELLS: Choices = {
    "rnn": Choice(f"{_CELLS}.rnn:CELL", "vanilla recurrent network with tanh"),
    "gru": Choice(f"{_CELLS}.gru:CELL", "gated recurrent unit"),
    "lstm": Choice(f"{_CELLS}.lstm:CELL", "long short-term memory"),
}

# each is a ``networks.pooling.Summary``
_POOLING = "bioseqrnn.networks.pooling"
POOLINGS: Choices = {
    "last": Choice(f"{_POOLING}:LAST", "state after the last position, for each direction"),
    "max": Choice(f"{_POOLING}:MAX", "maximum over the positions"),
    "mean": Choice(f"{_POOLING}:MEAN", "mean over the positions"),
    "attention": Choice(
        f"{_POOLING}:ATTENTION", "mean weighted by a learned score of each position"
    ),
    "centre": Choice(f"{_POOLING}:CENTRE", "output at the middle position"),
}

# each is a module with the functions that ``baselines/methods.py`` describes
_BASELINES = "bioseqrnn.baselines"
BASELINES: Choices = {
    "majority": Choice(
        f"{_BASELINES}.majority", "class frequencies, or the mean value", informed=False
    ),
    "composition": Choice(f"{_BASELINES}.composition", "regression on length and composition"),
    "kmer_logistic": Choice(f"{_BASELINES}.kmer_logistic", "regression on k-mer counts"),
    "gapped_kmer": Choice(f"{_BASELINES}.gapped_kmer", "regression on gapped k-mer counts", True),
    "gradient_boosting": Choice(f"{_BASELINES}.gradient_boosting", "boosted trees"),
    "pwm": Choice(f"{_BASELINES}.pwm", "matches to position weight matrices", True),
    "cnn": Choice(f"{_BASELINES}.cnn", "convolutional network"),
}

_SOURCES = "bioseqrnn.fasta"
# columns of datasets.tsv that give the source of the labels
# (``code`` tells where they are read; the functions are in ``READERS`` of fasta/stream.py)
LABEL_KINDS: Choices = {
    "label": Choice(f"{_SOURCES}.sources", "one label for all records of the file"),
    "labels": Choice(f"{_SOURCES}.labels", "a TSV with the label of each record"),
    "label_key": Choice(f"{_SOURCES}.header_key", "a key of the headers"),
    "intervals": Choice(f"{_SOURCES}.intervals", "labelled intervals of a genome"),
}


def whole_records_only(choices: Choices) -> tuple[str, ...]:
    """Return the names of the choices that need one label for each record."""
    return tuple(name for name, choice in choices.items() if choice.whole_records)


def informed(names: Iterable[str], choices: Choices) -> list[str]:
    """Return the names without the choices whose scores do not depend on the sequence."""
    return [name for name in names if name not in choices or choices[name].informed]


def described(choices: Choices) -> str:
    """Return every name with its meaning, for help texts."""
    return "; ".join(f"{name}: {choice.meaning}" for name, choice in choices.items()) + "."
