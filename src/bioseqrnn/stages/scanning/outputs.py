"""The files of a scan, by the ending of their names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, cast

from bioseqrnn.stages.scanning.calling import Calling, Chance
from bioseqrnn.stages.scanning.results import Scanned
from bioseqrnn.support.atomic import atomic_path, together
from bioseqrnn.support.bigwig import write_bigwig
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.gzipped import gzip_text
from bioseqrnn.support.io import METADATA_KEY
from bioseqrnn.support.parquet import sealed_writer
from bioseqrnn.support.paths import part_of_name

PARQUET, TSV, BED, BEDGRAPH, BIGWIG, ZIPPED = (
    ".parquet", ".tsv", ".bed", ".bedgraph", ".bw", ".gz",
)  # fmt: skip
ENDINGS = (PARQUET, TSV, TSV + ZIPPED, BED, BED + ZIPPED, BEDGRAPH, BEDGRAPH + ZIPPED, BIGWIG)
TRACKS = (BEDGRAPH, BEDGRAPH + ZIPPED, BIGWIG)
# in names of files, in the place of {strand}
STRANDS = {"+": "plus", "-": "minus", ".": "both"}
CLASS_PLACE, STRAND_PLACE = "{class}", "{strand}"


@dataclass(frozen=True)
class Output:
    """A file to write.

    Attributes
    ----------
    path : Path
    ending : str
        One of ``ENDINGS``.
    code, place : int
        Class and strand of a track.
    """

    path: Path
    ending: str
    code: int = 0
    place: int = 0


def ending_of(path: Path) -> str:
    """Return the ending of a name that is a format; InputError if it has none."""
    for ending in ENDINGS:
        if path.name.endswith(ending):
            return ending
    raise InputError(
        f"--output {path}: is not a format of scans; the name must end in "
        f"{', '.join(ENDINGS[:-1])} or {BIGWIG}"
    )


def outputs_of(paths: Sequence[Path], calling: Calling, strands: str) -> list[Output]:
    """Return the files that the names stand for: a track is one file for each class and strand.

    Raises
    ------
    InputError
        A name without ``{class}`` or ``{strand}`` where there are several; regions of a model
        without classes.
    """
    found: list[Output] = []
    for path in paths:
        ending = ending_of(path)
        if ending not in TRACKS:
            if ending.startswith(BED) and not calling.task.probabilistic:
                raise InputError(
                    f"--output {path}: regions are called by a class, but the model predicts a "
                    "number; write a table or a track"
                )
            found.append(Output(path, ending))
            continue
        for option, places, several in (
            ("--class", CLASS_PLACE, len(calling.shown) > 1),
            ("--strand", STRAND_PLACE, len(strands) > 1),
        ):
            if several and places not in path.name:
                raise InputError(
                    f"--output {path}: a track has the scores of one class and strand; write "
                    f"{places} in its name for a file for each, or choose one by {option}"
                )
        for code in calling.shown:
            for place, strand in enumerate(strands):
                label = calling.classes[code] if calling.task.probabilistic else "value"
                name = path.name.replace(CLASS_PLACE, part_of_name(label))
                name = name.replace(STRAND_PLACE, STRANDS[strand])
                found.append(Output(path.with_name(name), ending, code, place))
    return found


def write_outputs(outputs: Sequence[Output], scanned: Scanned, metadata: dict[str, Any]) -> None:
    """Write all files, or none."""
    chance = scanned.chance()
    with together():
        for output in outputs:
            with atomic_path(output.path) as temporary, ExitStack() as files:
                _write(output, temporary, scanned, chance, metadata, files)


def _write(
    output: Output,
    path: Path,
    scanned: Scanned,
    chance: Chance | None,
    metadata: dict[str, Any],
    files: ExitStack,
) -> None:
    if output.ending == BIGWIG:
        layout = scanned.scores.units.layout
        lengths = dict(zip(layout.names, layout.lengths.tolist(), strict=True))
        write_bigwig(path, lengths, _bins(output, scanned, by_name=True))
        return
    if output.ending == PARQUET:
        writer = files.enter_context(
            sealed_writer(path, scanned.schema(), compression="zstd", store_schema=False)
        )
        for table in scanned.tables():
            if len(table):
                writer.write_table(table)
        writer.add_key_value_metadata({METADATA_KEY: json.dumps(metadata, sort_keys=True)})
        return
    text = _opened(path, output.ending, files)
    if output.ending.startswith(TSV):
        _write_tsv(text, scanned)
    elif output.ending.startswith(BEDGRAPH):
        digits = _digits(scanned)
        for name, start, end, value in _bins(output, scanned, by_name=False):
            text.write(f"{name}\t{start}\t{end}\t{digits % value}\n")
    else:
        for line in scanned.regions(chance):
            text.write(line)


def _opened(path: Path, ending: str, files: ExitStack) -> TextIO:
    if ending.endswith(ZIPPED):
        return cast("TextIO", gzip_text(path, files))
    opened: Callable[..., TextIO] = path.open
    return files.enter_context(opened("w", encoding="utf-8", newline="\n"))


def _digits(scanned: Scanned) -> str:
    # a value of regression is in the unit of the labels, which can be any
    return "%.6f" if scanned.calling.task.probabilistic else "%.7g"


def _write_tsv(text: TextIO, scanned: Scanned) -> None:
    text.write("\t".join(scanned.schema().names) + "\n")
    for table in scanned.tables():
        table.to_pandas().to_csv(
            text, sep="\t", index=False, header=False, float_format=_digits(scanned),
            lineterminator="\n",
        )  # fmt: skip


def _bins(output: Output, scanned: Scanned, by_name: bool) -> Iterator[tuple[str, int, int, float]]:
    """Yield the bins of a track; a bigWig file has its records in the order of their names."""
    names = scanned.scores.units.layout.names
    order = sorted(range(len(names)), key=names.__getitem__) if by_name else range(len(names))
    for record in order:
        begins, ends, values = scanned.bins(record, output.code, output.place)
        each = zip(begins.tolist(), ends.tolist(), values.tolist(), strict=True)
        for begin, end, value in each:
            yield names[record], begin, end, value
