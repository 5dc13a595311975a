"""FASTA records, parsed by Biopython, in blocks of bounded size."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

from bioseqrnn.errors import InputError
from bioseqrnn.io import require_file

BLOCK_RESIDUES = 4_000_000


def _non_utf8(path: Path) -> InputError:
    """Find the first byte that is not UTF-8 and say where it stands."""
    from xopen import xopen

    record = ""
    with xopen(path, "rb") as handle:
        for number, line in enumerate(handle, start=1):
            if line.startswith(b">"):
                record = (
                    line[1:].split(None, 1)[0].decode("utf-8", "replace")
                    if line[1:].split()
                    else ""
                )
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return InputError(
                    f"{path}: line {number}, byte {error.start + 1} (record '{record}'): "
                    "not UTF-8 text; save the file as UTF-8 or plain ASCII"
                )
    return InputError(f"{path}: not UTF-8 text; save the file as UTF-8 or plain ASCII")


def read_records(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (id, sequence) of every record, in order; the id is the title up to the first space.

    Parsing is Biopython's ``SimpleFastaParser`` over ``xopen`` (plain or compressed text).

    Raises
    ------
    InputError
        No such file, text before the first ``>``, a record without an id or without residues,
        text that is not UTF-8, a damaged archive, no record at all.
    """
    from Bio.SeqIO.FastaIO import SimpleFastaParser
    from xopen import xopen

    require_file(path, "FASTA file")
    number = 0
    try:
        with xopen(path, "rt", encoding="utf-8-sig") as handle:
            lines = _checked_start(path, handle)
            for title, sequence in SimpleFastaParser(lines):  # type: ignore[no-untyped-call]
                number += 1
                words = title.split(None, 1)
                if not words:
                    raise InputError(f"{path}: record {number} has no id after '>'; give it one")
                if not sequence:
                    raise InputError(
                        f"{path}: record {number} ('{words[0]}') has no residues; remove it or "
                        "give it a sequence"
                    )
                yield words[0], sequence
    except UnicodeDecodeError as error:
        raise _non_utf8(path) from error
    except (OSError, EOFError) as error:
        raise InputError(f"{path}: cannot be read after record {number} ({error})") from error


def _checked_start(path: Path, handle: Iterable[str]) -> Iterator[str]:
    """Return the lines from the first header on; refuse text before it.

    Biopython's parser skips such text in silence, and records with it.
    """
    lines = iter(handle)
    number = 0
    for number, line in enumerate(lines, start=1):  # noqa: B007
        if line.strip():
            break
    else:
        raise InputError(f"{path}: empty FASTA file (no '>' record)")
    if not line.startswith(">"):
        raise InputError(
            f"{path}: line {number} is '{line.rstrip()[:30]}', not a '>' header at the start of a "
            "line; is it FASTA?"
        )
    return itertools.chain([line], lines)


def read_blocks(path: Path) -> Iterator[tuple[list[str], list[str]]]:
    """Yield (ids, sequences) of consecutive records, about four million residues a block."""
    ids: list[str] = []
    sequences: list[str] = []
    size = 0
    for name, sequence in read_records(path):
        ids.append(name)
        sequences.append(sequence)
        size += len(sequence)
        if size >= BLOCK_RESIDUES:
            yield ids, sequences
            ids, sequences, size = [], [], 0
    if ids:
        yield ids, sequences


def sample_residues(path: Path, residues: int = 100_000) -> bytes:
    """Return about the first ``residues`` letters of a file, to judge its alphabet by."""
    parts: list[str] = []
    size = 0
    for _, sequence in read_records(path):
        parts.append(sequence[: residues - size])
        size += len(parts[-1])
        if size >= residues:
            break
    return "".join(parts).encode("utf-8")
