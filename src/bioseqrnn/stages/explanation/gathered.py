"""Attributions of records, gathered from all networks for the search of motifs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bioseqrnn.baselines.records import Form, Records
from bioseqrnn.motifs.seqlets import Encoded
from bioseqrnn.stages.explanation.units import Units, inside, padded, units_of
from bioseqrnn.support.arrays import Bools, Floats, Ints
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.attributions import AttributionFile
from bioseqrnn.tables.sequences import SequenceTable


@dataclass(frozen=True)
class Gathered:
    """Contributions to the logit of each class.

    Attributes
    ----------
    units : Units
        What the attributions are of; what is called a record here is a unit.
    rows : int64 [records]
        Number of each attributed record among the units, ascending.
    records : Encoded
    contributions : float32 [residues, classes]
        Mean over the networks that attributed a record.
    trainings : list of (Encoded, float32 [residues, classes])
        Records and contributions of each network alone.
    classes : list of str
        Classes that are explained.
    folds : list of int
        Folds of all networks, each once, also of those without an attributed record.
    """

    units: Units
    rows: Ints
    records: Encoded
    contributions: Floats
    trainings: list[tuple[Encoded, Floats]]
    classes: list[str]
    folds: list[int]


def gather(path: Path, table: SequenceTable) -> Gathered:
    """Read ``attributions.parquet``; records without an attribution are left out.

    Raises
    ------
    InputError
        The attributions are of other sequences.
    """
    file = AttributionFile(path)
    if (file.metadata.symbols, file.metadata.strands) != (
        table.metadata["symbols"],
        table.metadata["strands"],
    ):
        raise InputError(f"{path}: attributions of other sequences; make them again")
    if (file.metadata.task == "per_position") != table.task.per_position:
        raise InputError(f"{path}: attributions of other labels; make them again")
    classes = file.metadata.classes
    units = units_of(table, file.metadata.flank or 0)
    table = units.table
    parts, folds = _parts(path, file, units)
    rows = np.array(sorted({row for run in parts.values() for row in run}), np.int64)
    every = encoded(Form.of(table).records(table.packed, rows))
    every = replace(every, own=_own(table, rows, classes))
    total = np.zeros((len(every.codes), len(classes)), np.float32)
    times = np.zeros(len(rows))
    trainings = []
    for _, run in sorted(parts.items()):
        chosen = np.array(sorted(run), np.int64)
        places = np.searchsorted(rows, chosen)
        part = np.concatenate([np.stack(run[int(row)], axis=1) for row in chosen])
        lengths = every.lengths[places]
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        at = np.arange(len(part)) + np.repeat(every.offsets[places] - offsets[:-1], lengths)
        total[at] += part
        times[places] += 1
        own = None if every.own is None else every.own[places]
        trainings.append((Encoded(every.codes[at], offsets, every.symbols, every.both, own), part))
    total /= np.repeat(times, every.lengths)[:, None]
    return Gathered(units, rows, every, total, trainings, classes, sorted(folds))


def _own(table: SequenceTable, rows: Ints, classes: list[str]) -> Bools | None:
    """Which records have each class: bool [records, classes]; None for values."""
    if not table.task.probabilistic:
        return None
    counts = table.task.counts(table.targets, table.classes)[rows]
    return np.asarray(counts[:, [table.classes.index(name) for name in classes]] > 0)


def encoded(records: Records) -> Encoded:
    """Return records as codes."""
    codes, offsets = records.codes()
    return Encoded(codes, offsets, records.alphabet.width, records.both_strands)


def _parts(
    path: Path, file: AttributionFile, units: Units
) -> tuple[dict[tuple[str, int, int], dict[int, list[Floats]]], set[int]]:
    """Contributions by network, number of the unit, and class; and the folds of all networks."""
    numbers = {name: number for number, name in enumerate(units.names)}
    sizes = inside(units)
    classes = {name: number for number, name in enumerate(file.metadata.classes)}
    parts: dict[tuple[str, int, int], dict[int, list[Floats]]] = {}
    folds: set[int] = set()
    for part in file.parts(effects=False):
        folds.update(part.folds.tolist())
        for i in np.flatnonzero(np.diff(part.offsets) > 0).tolist():
            row = numbers.get((part.ids[i], part.positions[i]), -1)
            values = part.contribution[part.offsets[i] : part.offsets[i + 1]]
            if row < 0 or len(values) != sizes[row]:
                raise InputError(
                    f"{path}: record '{part.ids[i]}' is not in the sequence table, or has another "
                    "length or other boundaries there; make the attributions again"
                )
            values = padded(units, row, values)
            run = parts.setdefault((part.models[i], int(part.folds[i]), int(part.seeds[i])), {})
            own = run.setdefault(row, [np.zeros(len(values), np.float32)] * len(classes))
            own[classes[part.classes[i]]] = values
    return parts, folds
