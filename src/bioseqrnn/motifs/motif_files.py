"""Motifs in files: MEME text written and read, JASPAR text read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bioseqrnn.motifs.tomtom import Entry
from bioseqrnn.onehot.alphabet import ALPHABETS
from bioseqrnn.support.arrays import Doubles
from bioseqrnn.support.checked import read_text
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import require_file

WHAT = "motif file"
DNA = ALPHABETS["dna"].symbols


class OtherAlphabetError(Exception):
    """The motifs of a file have another alphabet than is asked for."""

    def __init__(self, alphabet: str) -> None:
        super().__init__(alphabet)
        self.alphabet = alphabet


def meme_text(
    motifs: Sequence[tuple[Entry, int, float]], symbols: str, both: bool, background: Doubles
) -> str:
    """Motifs as MEME text (version 4 and later), which the MEME suite reads.

    Parameters
    ----------
    motifs : list of (Entry, int, float)
        A motif, its number of sites, and its E-value.
    symbols : str
        The alphabet, in the order of the columns.
    both : bool
        Whether both strands of DNA count.
    background : float64 [symbols]
    """
    lines = ["MEME version 4", "", f"ALPHABET= {symbols}", ""]
    if symbols == DNA:
        lines += [f"strands: {'+ -' if both else '+'}", ""]
    shares = " ".join(f"{s} {x:.6f}" for s, x in zip(symbols, background, strict=True))
    lines += ["Background letter frequencies", shares, ""]
    for entry, sites, chance in motifs:
        head = (
            f"alength= {len(symbols)} w= {len(entry.frequencies)} nsites= {sites} E= {chance:.3g}"
        )
        lines += [f"MOTIF {entry.identifier} {entry.name}", f"letter-probability matrix: {head}"]
        lines += [" ".join(f"{x:.6f}" for x in row) for row in entry.frequencies]
        lines.append("")
    return "\n".join(lines) + "\n"


def read_motifs(path: Path, symbols: str) -> list[Entry]:
    """Read a motif database: MEME text, or matrices of counts as JASPAR text.

    Raises
    ------
    OtherAlphabetError
    InputError
        The file is of neither format, or a matrix is damaged.
    """
    require_file(path, WHAT)
    text = read_text(path, WHAT).decode("utf-8", "replace")
    if text.lstrip().startswith(">"):
        entries = _jaspar(path, text, symbols)
    elif text.lstrip().startswith("MEME version"):
        entries = _meme(path, text, symbols)
    else:
        raise InputError(
            f"{WHAT} {path}: is neither MEME text ('MEME version …') nor JASPAR text ('>…')"
        )
    if not entries:
        raise InputError(f"{WHAT} {path}: has no motifs")
    return entries


def _meme(path: Path, text: str, symbols: str) -> list[Entry]:
    entries: list[Entry] = []
    lines = text.splitlines()
    name: list[str] = []
    number = 0
    while number < len(lines):
        line = lines[number].strip()
        number += 1
        if line.startswith("ALPHABET=") and line.removeprefix("ALPHABET=").strip() != symbols:
            raise OtherAlphabetError(line.removeprefix("ALPHABET=").strip())
        if line.startswith("MOTIF"):
            name = line.split()[1:]
        elif line.startswith("letter-probability matrix"):
            width = re.search(r"w= *(\d+)", line)
            first, rows = number, []
            while number < len(lines) and re.match(r"\s*[\d.]", lines[number]):
                rows.append(lines[number].split())
                number += 1
            if not name or (width and int(width[1]) != len(rows)):
                raise InputError(
                    f"{WHAT} {path}, line {first}: the matrix does not have the width that it says"
                )
            entries.append(_entry(path, first + 1, name, rows, symbols))
            name = []
    return entries


def _jaspar(path: Path, text: str, symbols: str) -> list[Entry]:
    if symbols != DNA:
        raise OtherAlphabetError(DNA)
    entries: list[Entry] = []
    lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    for at in range(0, len(lines), 5):
        number, head = lines[at]
        rows = [re.sub(r"[\[\]]", " ", line).split() for _, line in lines[at + 1 : at + 5]]
        if not head.startswith(">") or [row[:1] for row in rows] != [[s] for s in DNA]:
            raise InputError(
                f"{WHAT} {path}, line {number}: a JASPAR matrix is '>ID name' and the lines A, C, "
                "G and T"
            )
        turned = [list(column) for column in zip(*(row[1:] for row in rows), strict=False)]
        if len({len(row) for row in rows}) > 1:
            raise InputError(f"{WHAT} {path}, line {number}: the rows have different lengths")
        entries.append(_entry(path, number, head[1:].split(), turned, symbols))
    return entries


def _entry(path: Path, line: int, name: list[str], rows: list[list[str]], symbols: str) -> Entry:
    """One matrix of counts or probabilities, as frequencies."""
    try:
        matrix = np.array(rows, np.float64)
    except ValueError as error:
        raise InputError(f"{WHAT} {path}, line {line}: not a matrix of numbers") from error
    if matrix.ndim != 2 or matrix.shape[1] != len(symbols) or not name:
        raise InputError(
            f"{WHAT} {path}, line {line}: the matrix must have {len(symbols)} numbers for each "
            "position, and a name"
        )
    if not np.isfinite(matrix).all() or (matrix < 0).any() or (matrix.sum(axis=1) == 0).any():
        raise InputError(f"{WHAT} {path}, line {line}: the matrix has impossible numbers")
    shares = matrix / matrix.sum(axis=1, keepdims=True)
    return Entry(name[0], name[1] if len(name) > 1 else name[0], shares)
