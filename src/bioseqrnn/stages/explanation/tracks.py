"""Contributions of records that are windows of a genome, as bigWig tracks on its chromosomes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bioseqrnn.fasta.genome import Genome
from bioseqrnn.stages.explanation.class_files import class_files
from bioseqrnn.stages.explanation.gathered import Gathered, gather
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.support.atomic import atomic_path, remove_file, together
from bioseqrnn.support.bigwig import write_bigwig
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.declared.explanation import TRACK
from bioseqrnn.tables.genome_windows import GenomeWindows
from bioseqrnn.tables.sequences import SequenceTable, read_sequences


def write_tracks(attributions: Path, sequences: Path, genome: Path, output: Path) -> list[Path]:
    """Write a bigWig file for each class: the contribution of every base to its logit.

    The value of a base is the mean over all records that it is in, each of which is the mean over
    the networks that attributed it. Bases of no attributed record have no value.

    Parameters
    ----------
    attributions, sequences : Path
        ``attributions.parquet``, and the table of the records.
    genome : Path
        FASTA file that the records were cut from.
    output : Path
        Folder for the files.

    Returns
    -------
    list of Path
        The files, in the order of the classes.

    Raises
    ------
    InputError
        No record is a window of this genome, or pybigtools is not installed.
    """
    table = read_sequences(sequences)
    windows = table.windows
    if windows is None or not len(windows.chroms):
        raise InputError(
            f"{sequences}: no record is a window of a genome; tracks need records that were cut "
            "from one by intervals (docs/labels.md)"
        )
    chosen = [name.partition(":")[0] in (genome.name, str(genome)) for name in windows.chroms]
    if not any(chosen):
        raise InputError(
            f"{sequences}: no record is a window of {genome.name}, but of "
            f"{windows.chroms[0].partition(':')[0]}; give that file"
        )
    lengths = Genome(genome).lengths
    _check(table, windows, chosen, genome, lengths)
    gathered = gather(attributions, table)
    files = class_files(output, TRACK, gathered.classes, sequences)
    output.mkdir(parents=True, exist_ok=True)
    with together():
        for place, file in enumerate(files):
            with atomic_path(file) as temporary:
                values = _values(gathered, windows, chosen, place)
                write_bigwig(temporary, lengths, _entries(values))
    # of classes that there are no more; only after the new tracks are complete
    for earlier in set(output.glob(TRACK.format(label="*"))) - set(files):
        remove_file(earlier)
    say(f"wrote {', '.join(file.name for file in files)}")
    return files


def _check(
    table: SequenceTable, windows: GenomeWindows, chosen: list[bool], genome: Path,
    lengths: dict[str, int],
) -> None:  # fmt: skip
    """Raise InputError if a window is not within the genome: it is another version of it."""
    limits = np.array([lengths.get(name.partition(":")[2], 0) for name in windows.chroms], np.int64)
    rows = np.flatnonzero((windows.numbers >= 0) & np.array([*chosen, False])[windows.numbers])
    beyond = windows.starts[rows] + table.lengths[rows] > limits[windows.numbers[rows]]
    if beyond.any():
        record = table.ids[int(rows[beyond.argmax()])]
        raise InputError(
            f"genome {genome}: record '{record}' is not within its chromosomes; give the file "
            "that the records were cut from"
        )


def _values(
    gathered: Gathered, windows: GenomeWindows, chosen: list[bool], place: int
) -> Iterator[tuple[str, Ints, Doubles]]:
    """Yield chromosome, bases and their values, chromosome after chromosome in order of name."""
    numbers = windows.numbers[gathered.rows]
    names = [name.partition(":")[2] for name in windows.chroms]
    for number in sorted(np.flatnonzero(chosen).tolist(), key=names.__getitem__):
        bases, values = [], []
        for at in np.flatnonzero(numbers == number).tolist():
            row = int(gathered.rows[at])
            begin, end = gathered.records.offsets[at : at + 2].tolist()
            part = gathered.contributions[begin:end, place].astype(np.float64)
            start = int(windows.starts[row])
            bases.append(np.arange(start, start + end - begin))
            values.append(part[::-1] if windows.reverse[row] else part)
        if bases:
            yield names[number], *_means(np.concatenate(bases), np.concatenate(values))


def _means(bases: Ints, values: Doubles) -> tuple[Ints, Doubles]:
    """Return every base once, ascending, with the mean of its values."""
    found, inverse, counts = np.unique(bases, return_inverse=True, return_counts=True)
    return found, np.bincount(inverse, weights=values) / counts


def _entries(
    values: Iterator[tuple[str, Ints, Doubles]],
) -> Iterator[tuple[str, int, int, float]]:
    """One entry of a bigWig file for every base."""
    for name, bases, means in values:
        for base, value in zip(bases.tolist(), means.tolist(), strict=True):
            yield name, base, base + 1, value
