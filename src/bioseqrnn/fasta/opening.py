"""Opening of files by their content, not by their names, and checks for changes while reading."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from bioseqrnn.config.checks.files import COMPRESSIONS
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import require_file

# Formats that are refused, by their first bytes: what they are, and what to do
FOREIGN = {
    b"PK\x03\x04": "a zip archive; unpack it",
    b"\xff\xfe": "UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "UTF-16 text; save it as UTF-8",
    b"PAR1": "a Parquet file, not FASTA",
    b"CRAM": "a CRAM file, not FASTA",
}


def compression(path: Path) -> str | None:
    """Return gz (also for bgzip), bz2, xz or zst by a file's first bytes, None for plain text."""
    with path.open("rb") as handle:
        start = handle.read(8)
    for magic, what in FOREIGN.items():
        if start.startswith(magic):
            raise InputError(f"{path}: is {what}")
    return next((name for magic, name in COMPRESSIONS.items() if start.startswith(magic)), None)


# bgzip: bytes of a block's header, which gives its size, and the empty block that ends a file
BLOCK_HEADER = 18
END_BLOCK = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")

# Size, time and inode
State = tuple[int, int, int]


class Reader:
    """The decompressed bytes of a file; every read error is an InputError.

    Attributes
    ----------
    path : Path
    kind : str or None
        Compression, as returned by ``compression``.
    """

    def __init__(self, path: Path, handle: BinaryIO, kind: str | None) -> None:
        self.path, self.kind = path, kind
        self._handle = handle
        self._before = file_state(path)

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes; an empty result means the end of the file."""
        try:
            return self._handle.read(size)
        # gzip, bz2, lzma and zstd raise different types of errors
        except Exception as error:
            self.check_unchanged()
            if self.kind:
                raise InputError(
                    f"{self.path}: the {self.kind} archive is damaged or cut short ({error}); "
                    "copy or download it again"
                ) from error
            raise InputError(f"{self.path}: cannot be read ({error})") from error

    def seek(self, offset: int) -> None:
        """Move to a byte offset of a plain file."""
        self._handle.seek(offset)

    def check_unchanged(self) -> None:
        """Raise InputError if the file has changed since it was opened."""
        check_unchanged(self.path, self._before)


@contextmanager
def open_bytes(path: Path) -> Iterator[Reader]:
    """Open a plain or compressed file and give its text as bytes; InputError if there is none."""
    from xopen import xopen

    require_file(path, "FASTA file")
    kind = compression(path)
    if kind is None:
        # unbuffered, because the callers read large blocks
        with path.open("rb", buffering=0) as plain:
            yield Reader(path, cast(BinaryIO, plain), kind)
    else:
        if kind == "gz":
            _check_bgzip_end(path)
        # in this process, without a helper program: errors are raised here, one core is used
        try:
            opened = xopen(path, "rb", threads=0, format=kind)
        except ImportError as error:
            raise InputError(f"{path}: {kind} cannot be read here ({error}); unpack it") from error
        with opened as handle:
            yield Reader(path, handle, kind)


def file_state(path: Path) -> State | None:
    """Return values that change when a file changes, None if the file cannot be accessed."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns, stat.st_ino


def check_unchanged(path: Path, before: State | None) -> None:
    """Raise InputError if a file has changed since its state was ``before``."""
    if file_state(path) != before:
        raise InputError(
            f"{path}: changed while it was read; wait until it is complete, then run again"
        )


def is_bgzip(path: Path) -> bool:
    """Return whether a file begins with a bgzip block, so that any part of it can be read."""
    with path.open("rb") as handle:
        return _block_size(handle.read(BLOCK_HEADER)) > 0


def _check_bgzip_end(path: Path) -> None:
    """Refuse a bgzip file that lacks whole blocks at its end; read as gzip, it looks complete."""
    with path.open("rb") as handle:
        if not _block_size(handle.read(BLOCK_HEADER)):
            return
        handle.seek(0, os.SEEK_END)
        size = handle.tell()
        handle.seek(max(0, size - len(END_BLOCK)))
        if handle.read() == END_BLOCK:
            return
        place = 0
        while place < size:
            handle.seek(place)
            block = _block_size(handle.read(BLOCK_HEADER))
            if not block:
                # other data follows: other gzip members, or what the decompressor will refuse
                return
            place += block
        if place == size:
            raise InputError(
                f"{path}: the bgzip archive has no end marker, so its end is missing; copy or "
                "download it again (or decompress it and compress it again)"
            )


def _block_size(header: bytes) -> int:
    """Return the bytes of a bgzip block by its header, 0 for others (SAM specification, 4.1)."""
    if header[:4] != b"\x1f\x8b\x08\x04" or header[12:16] != b"BC\x02\x00":
        return 0
    return int.from_bytes(header[16:18], "little") + 1
