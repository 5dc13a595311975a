"""'.' in proteins: a gap in aligned files, a stop in translations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from bioseqrnn.fasta.blocks import read_blocks
from bioseqrnn.fasta.refusals import inner_dot

# Whether a file is aligned is decided from this number of first records
ALIGNED_RECORDS = 100
INNER = re.compile(r"(?<=[^.])\.(?=\.*[^.*])")


class Dots:
    """Distinguishes gaps from stops in the proteins of one file.

    '.' is a gap in a record that also has '-', and in an aligned file: a file whose first hundred
    records all have the length of this record.

    Parameters
    ----------
    path : Path
    aligned : bool
        Whether the file may be aligned.
    """

    def __init__(self, path: Path, aligned: bool = True) -> None:
        self._path = path
        self._width: int | None = None if aligned else 0

    def count_stops(self, names: Sequence[str], sequences: Sequence[str]) -> int:
        """Return how many sequences end in a stop: one '.' and no other gap or stop.

        Raises
        ------
        InputError
            '.' between residues that is not a gap.
        """
        stops = 0
        for name, text in zip(names, sequences, strict=True):
            if "." not in text or "-" in text:
                continue
            inner = INNER.search(text)
            if inner:
                self.refuse_inner(name, inner.start() + 1, len(text))
            stops += text.endswith(".") and text.count(".") == 1 and "*" not in text
        return stops

    def refuse_inner(self, name: str, position: int, length: int) -> None:
        """Refuse '.' between residues of a record of this length if the file is not aligned."""
        if self._width is None:
            self._width = _aligned_length(self._path)
        if length != self._width:
            raise inner_dot(self._path, name, position)


def _aligned_length(path: Path) -> int:
    """Return the length of the first records of a file, 0 if they differ or there is only one."""
    lengths: list[int] = []
    for block in read_blocks(path):
        for place, sequence in enumerate(block.residues):
            if place or not block.continues:
                if len(lengths) == ALIGNED_RECORDS:
                    return _common(lengths)
                lengths.append(0)
            lengths[-1] += len(sequence)
    return _common(lengths)


def _common(lengths: list[int]) -> int:
    return lengths[0] if len(lengths) > 1 and len(set(lengths)) == 1 else 0
