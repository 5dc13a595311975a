"""What is attributed and searched: records or, if each residue has a class, windows.

With a class for each residue, the question is why a class begins where it does. The explained
residues are therefore the first ones of segments: those whose class differs from that of the
residue before. These are labelled ones, so that they are the same for all networks, whatever these
call. Each stands for a window of the residues around it, which counts as a record of the class
that begins. All windows are equally long and centred on their residue, so that a motif has a place
relative to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bioseqrnn.attribution.attribution import Focus
from bioseqrnn.inference.windows import Windows
from bioseqrnn.onehot.packing import Packed, pack_onehot, unpack
from bioseqrnn.support.arrays import Bools, Bytes, Floats, Ints
from bioseqrnn.tables.folds import TEST, FoldTable
from bioseqrnn.tables.genome_windows import GenomeWindows
from bioseqrnn.tables.sequences import SequenceTable
from bioseqrnn.tasks import TASKS, Task

# windows of a dataset; of more boundaries as many are taken, evenly spaced
MOST_WINDOWS = 200_000
AT_ONCE = 2**12


@dataclass(frozen=True)
class Units:
    """Whole records.

    Attributes
    ----------
    table : SequenceTable
        In it, each unit is a record.
    """

    table: SequenceTable

    def __len__(self) -> int:
        return len(self.table)

    @property
    def whole(self) -> SequenceTable:
        """The dataset."""
        return self.table

    @property
    def flank(self) -> int | None:
        """Residues on each side of the explained one; None: whole records are explained."""
        return None

    @property
    def word(self) -> str:
        """What a unit is called, in the plural."""
        return "test records"

    def position(self, unit: int) -> int | None:  # noqa: ARG002
        """The explained residue, counted from 1; None: the whole record is explained."""
        return None

    @property
    def names(self) -> list[tuple[str, int | None]]:
        """Id and position of every unit; no two are equal."""
        return [(name, self.position(i)) for i, name in enumerate(self.table.ids)]

    @cached_property
    def first(self) -> Ints:
        """Where the first residue of each unit is in its record, from 0: int64 [n].

        It is negative if a window begins before the record.
        """
        return np.zeros(len(self), np.int64)

    @cached_property
    def ends(self) -> Ints:
        """Residues of the record of each unit: int64 [n]."""
        return self.table.lengths

    def tested(self, folds: FoldTable) -> Bools:
        """Whether each unit is tested in each fold: bool [n, folds]."""
        return np.asarray(folds.roles == TEST)

    def sizes(self, units: Ints, window: int | None) -> Ints:  # noqa: ARG002
        """Residues that ``read`` returns of some units, int64."""
        return self.table.lengths[units]

    def read(self, unit: int, window: int | None) -> tuple[Floats, Focus | None]:  # noqa: ARG002
        """Return what a network reads of a unit.

        Parameters
        ----------
        unit : int
        window : int, optional
            Most residues that the network reads at once.

        Returns
        -------
        x : float32 [residues, symbols]
        focus : Focus, optional
            The explained residue in it, and the attributed ones; None for a whole record.
        """
        return self.table.dense(np.array([unit]))[0][0], None


def units_of(table: SequenceTable, flank: int) -> Units:
    """Return what of a dataset is explained.

    Parameters
    ----------
    table : SequenceTable
    flank : int
        Attributed residues on each side of the explained one, if each residue has a class.
    """
    if not table.task.per_position:
        return Units(table)
    rows, places = boundaries(table)
    if len(rows) > MOST_WINDOWS:
        chosen = np.unique(np.linspace(0, len(rows) - 1, MOST_WINDOWS).astype(np.int64))
        rows, places = rows[chosen], places[chosen]
    truth = table.targets
    view = _View(
        table.file, _packed(table, rows, places, flank),
        truth.codes[truth.offsets[rows] + places].astype(np.int64), table, rows,
    )  # fmt: skip
    return Around(view, rows, places, table, flank)


def boundaries(table: SequenceTable) -> tuple[Ints, Ints]:
    """Return the first residues of segments: row of the record, and residue from 0, int64 each.

    The first residue of a record begins no segment that the record shows. If no record has two
    classes, the residues in the middle of the records are returned.
    """
    codes, offsets = table.targets.codes, table.targets.offsets
    begins = np.flatnonzero(codes[1:] != codes[:-1]) + 1
    rows = np.searchsorted(offsets, begins, side="right") - 1
    places = begins - offsets[rows]
    inside = places > 0
    if not inside.any():
        return np.arange(len(table)), table.lengths // 2
    return rows[inside], places[inside]


@dataclass(frozen=True)
class _View(SequenceTable):
    """Windows as records of one class each."""

    source: SequenceTable
    rows: Ints

    @property
    def task(self) -> Task:
        """Each window has the class that begins in its middle."""
        return TASKS["multiclass"]

    @cached_property
    def ids(self) -> list[str]:
        """Id of the record of each window."""
        names = self.source.ids
        return [names[row] for row in self.rows.tolist()]

    @cached_property
    def windows(self) -> GenomeWindows | None:
        """None: intervals on a genome cannot have a class for each residue."""
        return None


@dataclass(frozen=True)
class Around(Units):
    """Windows around residues.

    Attributes
    ----------
    rows, places : int64 [n]
        Row of the record in ``source``, and the explained residue, from 0.
    source : SequenceTable
    size : int
        Residues on each side of it.
    """

    rows: Ints
    places: Ints
    source: SequenceTable
    size: int

    @property
    def whole(self) -> SequenceTable:
        """See ``Units``."""
        return self.source

    @property
    def flank(self) -> int | None:
        """See ``Units``."""
        return self.size

    @property
    def word(self) -> str:
        """See ``Units``."""
        return "boundaries between classes in test records"

    def position(self, unit: int) -> int | None:
        """See ``Units``."""
        return int(self.places[unit]) + 1

    @cached_property
    def first(self) -> Ints:
        """See ``Units``."""
        return self.places - self.size

    @cached_property
    def ends(self) -> Ints:
        """See ``Units``."""
        return self.source.lengths[self.rows]

    def tested(self, folds: FoldTable) -> Bools:
        """See ``Units``."""
        return np.asarray(folds.roles[self.rows] == TEST)

    def sizes(self, units: Ints, window: int | None) -> Ints:
        """See ``Units``."""
        lengths = self.ends[units]
        # at least the attributed residues
        most = None if window is None else max(window, 2 * self.size + 1)
        return lengths if most is None else np.minimum(lengths, most)

    def read(self, unit: int, window: int | None) -> tuple[Floats, Focus | None]:
        """Return the record, or as much of it around the residue as the network reads at once."""
        length, place = int(self.ends[unit]), int(self.places[unit])
        size = int(self.sizes(np.array([unit]), window)[0])
        start = min(max(place - size // 2, 0), length - size)
        row = self.rows[[unit]]
        dense, skipped = _dense(self.source, row, np.array([start]), np.array([start + size]))
        x = np.ascontiguousarray(dense[0, skipped[0] : skipped[0] + size])
        first, last = max(place - self.size, start), min(place + self.size + 1, start + size)
        return x, Focus(place - start, first - start, last - start)


def _dense(table: SequenceTable, rows: Ints, starts: Ints, ends: Ints) -> tuple[Floats, Ints]:
    """One-hot rows of stretches of records, and how many of the first ones are before each."""
    # a byte of the packed sequences begins at every even residue
    even = starts // 2 * 2
    stretches = Windows(np.arange(len(rows)), even, ends - even)
    parts = stretches.of(table.packed, table.alphabet.width, rows)
    return unpack(parts, np.arange(len(parts)), table.alphabet)[0], starts - even


def _packed(table: SequenceTable, rows: Ints, places: Ints, flank: int) -> Packed:
    """Pack windows of 2 flank + 1 residues; what is outside the record is ambiguous."""
    columns = np.arange(2 * flank + 1)
    parts = []
    for begin in range(0, len(rows), AT_ONCE):
        own, middle = rows[begin : begin + AT_ONCE], places[begin : begin + AT_ONCE]
        lengths = table.lengths[own]
        starts = np.maximum(middle - flank, 0)
        dense, skipped = _dense(table, own, starts, np.minimum(middle + flank + 1, lengths))
        at = (middle - flank)[:, None] + columns
        inside = (at >= 0) & (at < lengths[:, None])
        index = np.where(inside, at - (starts - skipped)[:, None], 0)
        bits: Bytes = (np.take_along_axis(dense, index[:, :, None], axis=1) > 0).astype(np.uint8)
        bits[~inside] = 1
        parts.append(pack_onehot(bits))
    return Packed.join(parts)


def padded(units: Units, unit: int, values: Floats) -> Floats:
    """Put values of the residues of a unit that are in its record at their places.

    Parameters
    ----------
    values : float32 [residues]

    Returns
    -------
    float32 [residues of the unit]
        0 outside the record.
    """
    size, first = int(units.table.lengths[unit]), int(units.first[unit])
    if len(values) == size:
        return values
    found = np.zeros(size, np.float32)
    found[max(-first, 0) : max(-first, 0) + len(values)] = values
    return found


def inside(units: Units) -> Ints:
    """Residues of each unit that are in its record: int64 [n]."""
    last = units.first + units.table.lengths
    found: Ints = np.minimum(last, units.ends) - np.maximum(units.first, 0)
    return found
