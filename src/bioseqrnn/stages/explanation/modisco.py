"""Attributions as the input of modisco-lite, which looks for motifs in them by another method."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bioseqrnn.stages.explanation.class_files import class_files
from bioseqrnn.stages.explanation.gathered import Gathered, gather
from bioseqrnn.support.arrays import Floats
from bioseqrnn.support.atomic import atomic_path, together
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.attributions import AttributionFile
from bioseqrnn.tables.declared.explanation import MODISCO_RECORDS, MODISCO_VALUES
from bioseqrnn.tables.sequences import read_sequences


def export_modisco(attributions: Path, sequences: Path, output: Path) -> list[Path]:
    """Write one-hot records, and for each class the contribution that each base would have.

    Each file has one array, ``arr_0``, float32 [records, 4, columns]. ``columns`` is the length of
    the longest record, rounded up to an even number: modisco-lite reads a window around the middle.
    Where each residue has a class, the windows around boundaries are the records.
    Both arrays are zero after the end of a record, and the one-hot array also at ambiguous bases.
    The contributions are means over the networks that attributed a record, in logits.

    Parameters
    ----------
    attributions, sequences : Path
        ``attributions.parquet``, and the table of the records.
    output : Path
        Folder for the files.

    Returns
    -------
    list of Path
        The records, then the contributions in the order of the classes.

    Raises
    ------
    InputError
        The records are proteins, none was attributed, or the attributions have no effects.
    """
    table = read_sequences(sequences)
    if table.metadata["alphabet"] != "dna":
        raise InputError(f"{sequences}: modisco-lite reads DNA only; use bioseqrnn motifs")
    file = AttributionFile(attributions)
    if not file.metadata.effects:
        raise InputError(f"{attributions}: has no column 'effects'; make the attributions again")
    gathered = gather(attributions, table)
    if not len(gathered.rows):
        raise InputError(f"{attributions}: no record was attributed, so there is nothing to export")
    names = gathered.units.names
    numbers = {names[row]: place for place, row in enumerate(gathered.rows.tolist())}
    files = class_files(output, MODISCO_VALUES, gathered.classes, attributions)
    output.mkdir(parents=True, exist_ok=True)
    records = output / MODISCO_RECORDS
    with together():
        _write(records, _one_hot(gathered))
        for path, name in zip(files, gathered.classes, strict=True):
            _write(path, _effects(file, name, numbers, gathered))
    say(f"wrote {', '.join(path.name for path in (records, *files))}")
    return [records, *files]


def _empty(gathered: Gathered) -> Floats:
    longest = int(gathered.records.lengths.max())
    return np.zeros((len(gathered.records), 4, longest + longest % 2), np.float32)


def _one_hot(gathered: Gathered) -> Floats:
    records, x = gathered.records, _empty(gathered)
    known = np.flatnonzero(records.codes < records.symbols)
    owner = records.record_of(known)
    x[owner, records.codes[known], known - records.offsets[owner]] = 1
    return x


def _effects(
    file: AttributionFile, name: str, numbers: dict[tuple[str, int | None], int], gathered: Gathered
) -> Floats:
    """Contribution of every base at every position, as a mean over networks."""
    units = gathered.units
    total, times = _empty(gathered), np.zeros(len(numbers))
    for part in file.parts():
        assert part.effects is not None
        for i in np.flatnonzero(np.diff(part.offsets) > 0).tolist():
            if part.classes[i] != name:
                continue
            place = numbers[part.ids[i], part.positions[i]]
            own = part.effects[part.offsets[i] : part.offsets[i + 1]]
            # a window around a boundary may begin before its record
            before = max(-int(units.first[gathered.rows[place]]), 0)
            total[place, :, before : before + len(own)] += own.T
            times[place] += 1
    total /= np.maximum(times, 1)[:, None, None]
    return total


def _write(path: Path, values: Floats) -> None:
    with atomic_path(path) as temporary:
        # a name would get the ending .npz, which that of a temporary file does not have
        file: Any
        with temporary.open("wb") as file:
            np.savez_compressed(file, values)
