"""Files opened by their content, not by their names, and checked for changes during reading."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from bioseqrnn.config.checks.files import COMPRESSIONS
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import require_file

# Other containers that FASTA comes in, with what to do about them
FOREIGN = {
    b"PK\x03\x04": "a zip archive; unpack it",
    b"\xff\xfe": "UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "UTF-16 text; save it as UTF-8",
    b"PAR1": "a Parquet file, not FASTA",
    b"CRAM": "a CRAM file, not FASTA",
}


def compression(path: Path) -> str | None:
    """Return gz (bgzip too), bz2, xz or zst by a file's first bytes, None for plain text."""
    with path.open("rb") as handle:
        start = handle.read(8)
    for magic, what in FOREIGN.items():
        if start.startswith(magic):
            raise InputError(f"{path}: is {what}")
    return next((name for magic, name in COMPRESSIONS.items() if start.startswith(magic)), None)


# bgzip: the bytes that tell a block's size, and the empty block at the end of a file
BLOCK_HEADER = 18
END_BLOCK = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")

# Size, time and inode
State = tuple[int, int, int]


class Reader:
    """The decompressed bytes of a file; every error of reading is an InputError.

    Attributes
    ----------
    path : Path
    kind : str or None
        Compression, as ``compression`` says.
    """

    def __init__(self, path: Path, handle: BinaryIO, kind: str | None) -> None:
        self.path, self.kind = path, kind
        self._handle = handle
        self._before = file_state(path)

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes, none at the end of the file."""
        try:
            return self._handle.read(size)
        # gzip, bz2, lzma and zstd each raise errors of their own kind
        except Exception as error:
            self.check_unchanged()
            if self.kind:
                raise InputError(
                    f"{self.path}: the {self.kind} archive is damaged or cut short ({error}); "
                    "copy or download it again"
                ) from error
            raise InputError(f"{self.path}: cannot be read ({error})") from error

    def seek(self, offset: int) -> None:
        """Go to a byte of a plain file."""
        self._handle.seek(offset)

    def check_unchanged(self) -> None:
        """Raise InputError where the file is not what it was when it was opened."""
        check_unchanged(self.path, self._before)


@contextmanager
def open_bytes(path: Path) -> Iterator[Reader]:
    """Open a plain or compressed file for its text as bytes; InputError where there is none."""
    from xopen import xopen

    require_file(path, "FASTA file")
    kind = compression(path)
    if kind is None:
        # unbuffered: whoever reads takes large blocks
        with path.open("rb", buffering=0) as plain:
            yield Reader(path, cast(BinaryIO, plain), kind)
    else:
        if kind == "gz":
            _check_bgzip_end(path)
        # in this process, without a helper program: errors surface, one core is used
        try:
            opened = xopen(path, "rb", threads=0, format=kind)
        except ImportError as error:
            raise InputError(f"{path}: {kind} cannot be read here ({error}); unpack it") from error
        with opened as handle:
            yield Reader(path, handle, kind)


def file_state(path: Path) -> State | None:
    """Return what tells that a file is another than before, None where it cannot be looked at."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns, stat.st_ino


def check_unchanged(path: Path, before: State | None) -> None:
    """Raise InputError where a file is not what it was."""
    if file_state(path) != before:
        raise InputError(
            f"{path}: changed while it was read; wait until it is written, then run again"
        )


def is_bgzip(path: Path) -> bool:
    """Whether a file begins with a block of bgzip, which can be read at random places."""
    with path.open("rb") as handle:
        return _block_size(handle.read(BLOCK_HEADER)) > 0


def _check_bgzip_end(path: Path) -> None:
    """Refuse a bgzip file that lost whole blocks at its end: as gzip it would look complete."""
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
                # something else follows: other members, or what the decompressor will refuse
                return
            place += block
        if place == size:
            raise InputError(
                f"{path}: the bgzip archive has no end mark, so its end is missing; copy or "
                "download it again (or decompress it and compress it again)"
            )


def _block_size(header: bytes) -> int:
    """Bytes of the bgzip block that begins so, 0 where none does (SAM specification, 4.1)."""
    if header[:4] != b"\x1f\x8b\x08\x04" or header[12:16] != b"BC\x02\x00":
        return 0
    return int.from_bytes(header[16:18], "little") + 1
