"""The file formats of predictions: a new one is a module of this folder, with a ``Writer``.

``config.choices.OUTPUT_FORMATS`` names the writers by the end of a file's name.
"""

from __future__ import annotations

from pathlib import Path

from bioseqrnn.config.choices import OUTPUT_FORMATS
from bioseqrnn.stages.prediction.formats.writer import Writer
from bioseqrnn.support.errors import InputError


def format_of(path: Path) -> type[Writer]:
    """Return what writes a file; InputError where its name ends as that of no format."""
    for ending, choice in OUTPUT_FORMATS.items():
        if path.name.endswith(ending):
            writer: type[Writer] = choice.load()
            return writer
    *first, last = OUTPUT_FORMATS
    endings = f"{', '.join(first)} or {last}"
    raise InputError(f"{path}: not a format of predictions; its name must end in {endings}")
