"""A genome on disk, read at any position with pyfaidx."""

from __future__ import annotations

import os
import shutil
import struct
import tempfile
import weakref
import zlib
from collections import Counter
from functools import lru_cache
from pathlib import Path

import numpy as np

from bioseqrnn.fasta.blocks import read_blocks
from bioseqrnn.fasta.layout import Layout, scan_layout
from bioseqrnn.fasta.opening import State, check_unchanged, compression, file_state, is_bgzip
from bioseqrnn.fasta.records import read_records
from bioseqrnn.onehot.alphabet import DNA
from bioseqrnn.support.atomic import FULL
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import require_file

COMPLEMENT = str.maketrans("ACGTURYKMBVDHacgturykmbvdh", "TGCAAYRMKVBHDtgcaayrmkvbhd")
# errors that pyfaidx and its bgzip reader raise for a damaged file
READ_ERRORS = (
    OSError, ValueError, LookupError, EOFError, AssertionError, RuntimeError, StopIteration,
    struct.error, zlib.error,
)  # fmt: skip


def reverse_complement(sequence: str) -> str:
    """Return the reverse complement of DNA; ambiguity codes are complemented, case is kept."""
    return sequence.translate(COMPLEMENT)[::-1]


class Genome:
    """Chromosomes of a FASTA file by name, with the residues that the FASTA parser reads.

    The whole file is checked once. An index beside the file is not used, because it may belong to
    another file; a new one is made in a temporary folder. A file that an index cannot describe
    (lines of different lengths, comments, compression other than bgzip) is copied there first.

    Parameters
    ----------
    path : Path
        Any DNA FASTA file that can be encoded.

    Attributes
    ----------
    lengths : dict of str to int
        Bases of each chromosome, gaps included, in the order of the file.

    Raises
    ------
    InputError
        As in ``read_records``, for any record of the file; a duplicate id.
    """

    def __init__(self, path: Path) -> None:
        self.path = require_file(path, "genome")
        self._state = file_state(path)
        self._indexed = _indexed(path, self._state)
        self.lengths = self._indexed.lengths

    def fetch(self, name: str, start: int, end: int) -> str:
        """Return the bases from ``start`` (counted from 0) to ``end`` (excluded), unchanged."""
        check_unchanged(self.path, self._state)
        try:
            found = self._indexed.fetch(name, start, end)
        except READ_ERRORS as error:
            raise self._unreadable(name, start, end, _line(error)) from error
        if len(found) != end - start:
            raise self._unreadable(name, start, end, f"only {len(found):,} letters were found")
        return found

    def _unreadable(self, name: str, start: int, end: int, why: str) -> InputError:
        return InputError(
            f"genome {self.path}: {name}:{start}-{end} cannot be read ({why}); the file is damaged "
            "or has changed; run again when it is complete"
        )


class _Indexed:
    """A file that pyfaidx can read, and its temporary folder, removed after the last use."""

    def __init__(self, path: Path, folder: Path) -> None:
        from pyfaidx import Faidx

        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        where, layout = path, scan_layout(path)
        block_index = _block_index(path)
        if layout is None or not _named_for_pyfaidx(path, block_index is not None):
            where, layout = _copied(path, folder)
            block_index = None
        self._numbers = {name: str(number) for number, name in enumerate(layout.names)}
        if len(self._numbers) < len(layout.names):
            raise _duplicate(path, layout.names)
        index, blocks = folder / "genome.fai", folder / "genome.gzi"
        with index.open("w") as handle:
            for number, place in enumerate(layout.places.tolist()):
                handle.write("\t".join(map(str, (number, *place))) + "\n")
        blocks.write_bytes(block_index or b"")
        # pyfaidx treats an index that is older than its file as outdated
        later = max(where.stat().st_mtime_ns, blocks.stat().st_mtime_ns) + 10**9
        for file in (index, blocks):
            os.utime(file, ns=(later, later))
        self._fasta = Faidx(
            str(where), indexname=str(index), gzi_indexname=str(blocks), rebuild=False, as_raw=True
        )
        lengths = layout.places[:, 0].tolist()
        self.lengths: dict[str, int] = dict(zip(layout.names, lengths, strict=True))

    def fetch(self, name: str, start: int, end: int) -> str:
        return str(self._fasta.fetch(self._numbers[name], start + 1, end))


@lru_cache(maxsize=4)
def _indexed(path: Path, state: State | None) -> _Indexed:
    """Index a file in its present state; several passes and interval tables share the index."""
    indexed = _Indexed(path, Path(tempfile.mkdtemp(prefix="bioseqrnn-")))
    check_unchanged(path, state)
    return indexed


def _named_for_pyfaidx(path: Path, blocks: bool) -> bool:
    """Return whether pyfaidx, which goes by file names, reads a file as its real type."""
    name = path.name.lower()
    if blocks:
        return name.endswith((".gz", ".bgz"))
    return compression(path) is None and not name.endswith((".gz", ".bgz", ".bz2", ".zip"))


def _block_index(path: Path) -> bytes | None:
    """Return the start of each bgzip block, in the file and in the text, as in ``.gzi`` files.

    pyfaidx can make this index too, but then it makes the other index as well. The first block is
    not listed. The result is None for a file that is not bgzip throughout.
    """
    if not is_bgzip(path):
        return None
    from Bio.bgzf import BgzfBlocks

    try:
        with path.open("rb") as handle:
            blocks = BgzfBlocks(handle)  # type: ignore[no-untyped-call]
            begins = [(start, place) for start, _, place, size in blocks if size]
    except READ_ERRORS:
        return None
    return struct.pack("<Q", len(begins) - 1) + b"".join(
        struct.pack("<QQ", *pair) for pair in begins[1:]
    )


def _copied(path: Path, folder: Path) -> tuple[Path, Layout]:
    """Copy a file as the parser reads it, one line per sequence; refuse what the parser refuses."""
    for _ in read_records(path, DNA):
        pass
    copy = folder / "genome.fa"
    names: list[str] = []
    begins, lengths = [], []
    try:
        with copy.open("wb") as handle:
            for block in read_blocks(path):
                for place, title in enumerate(block.titles):
                    if place or not block.continues:
                        names.append(title.split(None, 1)[0])
                        handle.write(b"\n>\n")
                        begins.append(handle.tell())
                        lengths.append(0)
                    lengths[-1] += handle.write(block.residues[place].encode())
            handle.write(b"\n")
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise InputError(
            f"genome {path}: no space for a copy of it in the temporary folder "
            f"{tempfile.gettempdir()} ({os.strerror(error.errno or 0)}); free some space, set "
            "TMPDIR to another folder, or write the genome in lines of equal length, plain or bgzip"
        ) from error
    # each sequence is one line
    widths = [length + 1 for length in lengths]
    return copy, Layout(names, np.array([lengths, begins, lengths, widths], np.int64).T)


def _duplicate(path: Path, names: list[str]) -> InputError:
    name = next(name for name, count in Counter(names).items() if count > 1)
    return InputError(
        f"{path}: duplicate id '{name}': it appears in this file twice; ids must be unique in a "
        "genome"
    )


def _line(error: Exception) -> str:
    """An error's message as one line."""
    return " ".join(str(error).split()) or type(error).__name__
