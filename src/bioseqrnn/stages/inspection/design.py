"""Greedy design: the best single change again and again, until a class is probable enough."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
from scipy.special import expit

from bioseqrnn.attribution.any_model import AnyModel
from bioseqrnn.attribution.mutagenesis import single_changes
from bioseqrnn.onehot.decoding import codes
from bioseqrnn.stages.inspection.chosen import Record
from bioseqrnn.support.arrays import Bools
from bioseqrnn.support.errors import InputError

# a smaller gain of the logit can be rounding
LEAST_GAIN = 1e-6
# residues in a line of the FASTA file
COLUMNS = 80


@dataclass(frozen=True)
class Goal:
    """What a design is to reach.

    Attributes
    ----------
    probability : float
        Calibrated probability of the class at which it ends.
    most : int
        Most edits.
    keep : str
        Positions that are not changed, from 1, like ``1-3,30``; empty: any can be.
    """

    probability: float
    most: int = 20
    keep: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.probability < 1:
            raise InputError(
                f"--design {self.probability:g}: must be a probability above 0 and below 1"
            )
        self._spans()

    def kept(self, record: Record) -> Bools:
        """Return whether each position is kept: bool [residues].

        Raises
        ------
        InputError
            A position is beyond the record.
        """
        found = np.zeros(len(record), bool)
        for first, last in self._spans():
            if last > len(record):
                raise InputError(
                    f"--keep {self.keep}: record '{record.name}' has only {len(record):,} residues"
                )
            found[first - 1 : last] = True
        return found

    def _spans(self) -> list[tuple[int, int]]:
        """First and last position of each part of ``keep``."""
        found = []
        for part in self.keep.split(",") if self.keep else []:
            match = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part, re.ASCII)
            first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
            if not 1 <= first <= last:
                raise InputError(f"--keep {self.keep}: must be positions from 1, like 1-3,30")
            found.append((first, last))
        return found


@dataclass(frozen=True)
class Edit:
    """One change: position from 0, residues before and after it, logit after it."""

    position: int
    before: str
    after: str
    logit: float


@dataclass
class Design:
    """A walk from a record.

    Attributes
    ----------
    name : str
        Id of the record.
    label : str
    start : float
        Logit of the record.
    edits : list of Edit
    text : str
        Residues after all edits.
    reached : bool
        Whether the class is as probable as wanted.
    why : str
        Why the walk ended.
    """

    name: str
    label: str
    start: float
    edits: list[Edit] = field(default_factory=list)
    text: str = ""
    reached: bool = False
    why: str = ""

    @property
    def end(self) -> float:
        """Logit after all edits."""
        return self.edits[-1].logit if self.edits else self.start

    def rows(self) -> list[tuple[object, ...]]:
        """Return the rows of ``edits.tsv``."""
        return [
            (
                self.name, self.label, step, edit.position + 1, edit.before, edit.after, edit.logit,
                float(expit(edit.logit)),
            )
            for step, edit in enumerate(self.edits, 1)
        ]  # fmt: skip

    def fasta(self) -> str:
        """Return the designed record as FASTA."""
        lines = [self.text[i : i + COLUMNS] for i in range(0, len(self.text), COLUMNS)]
        return "\n".join([f">{self.name} {self.summary()}", *lines]) + "\n"

    def summary(self) -> str:
        """Return what was reached in one line."""
        edits = "1 edit" if len(self.edits) == 1 else f"{len(self.edits)} edits"
        return (
            f"{self.label}: probability {expit(self.start):.4g} -> {expit(self.end):.4g} by "
            f"{edits}; {self.why}"
        )


def design(model: AnyModel, record: Record, label: str, goal: Goal) -> Design:
    """Walk from a record to a probability of a class.

    Each step makes the single change that raises the logit most; of equal ones the first. A
    position can change more than once.

    Raises
    ------
    InputError
        A kept position is beyond the record.
    """
    column, kept = model.classes.index(label), goal.kept(record)
    x = record.x.copy()
    found = Design(record.name, label, float(model.logits(x[None])[0, column]))
    while not found.why:
        if expit(found.end) >= goal.probability:
            found.reached, found.why = True, f"reached {goal.probability:g}"
            break
        if len(found.edits) == goal.most:
            found.why = f"ended after --most {goal.most}"
            break
        positions, residues = single_changes(x)
        free = ~kept[positions]
        positions, residues = positions[free], residues[free]
        logits = model.changed(x, positions, residues)[:, column]
        best = int(logits.argmax()) if len(logits) else 0
        if not len(logits) or logits[best] <= found.end + LEAST_GAIN:
            found.why = "ended because no change improves it"
            break
        at, new = int(positions[best]), int(residues[best])
        before = codes(x[at : at + 1], model.alphabet)
        x[at] = 0
        x[at, new] = 1
        edit = Edit(at, before, model.alphabet.symbols[new], float(logits[best]))
        found.edits.append(edit)
    found.text = codes(x, model.alphabet)
    return found
