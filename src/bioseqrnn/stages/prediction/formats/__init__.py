"""The file formats of predictions, by the extension of a file's name.

To add a format, add a module with a subclass of ``Writer`` to this folder, and a line to
``FORMATS``.
"""

from __future__ import annotations

from pathlib import Path

from bioseqrnn.stages.prediction.formats.bed import BedWriter
from bioseqrnn.stages.prediction.formats.gff3 import Gff3Writer, GzippedGff3Writer
from bioseqrnn.stages.prediction.formats.parquet import ParquetWriter
from bioseqrnn.stages.prediction.formats.tsv import GzippedTsvWriter, StandardOutput, TsvWriter
from bioseqrnn.stages.prediction.formats.writer import Writer
from bioseqrnn.support.errors import InputError

FORMATS: dict[str, type[Writer]] = {
    ".parquet": ParquetWriter,
    ".tsv": TsvWriter,
    ".tsv.gz": GzippedTsvWriter,
    ".bed.gz": BedWriter,
    ".gff3": Gff3Writer,
    ".gff3.gz": GzippedGff3Writer,
}
# a path that means standard output, or standard input
STANDARD = "-"


def format_of(path: Path) -> type[Writer]:
    """Return the writer of a file; InputError if its extension is that of no format."""
    if str(path) == STANDARD:
        return StandardOutput
    for ending, writer in FORMATS.items():
        if path.name.endswith(ending):
            return writer
    raise InputError(
        f"{path}: is not a format for predictions; the name must end in {_or(FORMATS)}, or be - "
        "for standard output"
    )


def _or(words: dict[str, type[Writer]]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}"
