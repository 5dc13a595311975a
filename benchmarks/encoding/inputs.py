"""Generated FASTA files, the same for the same arguments."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SYMBOLS = {"dna": "ACGT", "protein": "ACDEFGHIKLMNPQRSTVWY"}
BLOCK_RESIDUES = 4_000_000


@dataclass(frozen=True)
class Case:
    """Records of one kind.

    Attributes
    ----------
    name : str
    alphabet : {"dna", "protein"}
    shortest, longest : int
        Lengths are drawn from these and all between.
    width : int or None
        Letters a line, None for one line a record.
    """

    name: str
    alphabet: str
    shortest: int
    longest: int
    width: int | None = None

    @property
    def equal(self) -> bool:
        """Whether all records have one length."""
        return self.shortest == self.longest

    def records(self, megabytes: float) -> int:
        """How many records take that much."""
        length = (self.shortest + self.longest) / 2
        lines = length / self.width if self.width else 1
        return max(2, round(megabytes * 1e6 / (length + lines + 12)))

    def write(self, path: Path, records: int) -> None:
        """Write that many records, a block at a time; the path's name is the seed."""
        rng = np.random.default_rng(zlib.crc32(path.name.encode()))
        letters = np.frombuffer(SYMBOLS[self.alphabet].encode(), np.uint8)
        block = max(1, BLOCK_RESIDUES // self.longest)
        with path.open("w", encoding="ascii") as handle:
            for start in range(0, records, block):
                count = min(block, records - start)
                lengths = rng.integers(self.shortest, self.longest, count, endpoint=True)
                codes = rng.integers(0, len(letters), lengths.sum(), dtype=np.uint8)
                handle.write(self._text(path.stem, start, lengths, letters[codes].tobytes()))

    def _text(self, prefix: str, start: int, lengths: np.ndarray, residues: bytes) -> str:
        text = residues.decode()
        parts = []
        end = 0
        for number, length in enumerate(lengths.tolist(), start=start):
            begin, end = end, end + length
            width = self.width or length
            lines = [text[at : min(at + width, end)] for at in range(begin, end, width)]
            parts.append(f">{prefix}{number:09d}\n" + "\n".join(lines) + "\n")
        return "".join(parts)

    def write_pair(self, folder: Path, records: int) -> list[Path]:
        """Write two files, a class each, of half the records each."""
        folder.mkdir(parents=True)
        paths = [folder / "a.fa", folder / "b.fa"]
        self.write(paths[0], records // 2)
        self.write(paths[1], records - records // 2)
        return paths


SHORT = Case("60-nt records", "dna", 60, 60)
MEDIUM = Case("200-nt records", "dna", 200, 200)
PROTEINS = Case("proteins of 50–600, wrapped at 60", "protein", 50, 600, 60)
CASES = (
    SHORT,
    MEDIUM,
    Case("100-kb records, wrapped at 60", "dna", 100_000, 100_000, 60),
    Case("100-kb records, one line each", "dna", 100_000, 100_000),
    PROTEINS,
)


def megabytes(paths: list[Path]) -> float:
    """Size of some files."""
    return sum(path.stat().st_size for path in paths) / 1e6
