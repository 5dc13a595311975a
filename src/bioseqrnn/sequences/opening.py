"""Files opened by what they hold, not by what they are called, and watched while they are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from bioseqrnn.errors import InputError
from bioseqrnn.io import require_file

MAGIC = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zst"}
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
    return next((name for magic, name in MAGIC.items() if start.startswith(magic)), None)


class Reader:
    """The decompressed bytes of a file; whatever goes wrong on the way is an InputError.

    Attributes
    ----------
    path : Path
    kind : str or None
        Compression, as ``compression`` says.
    """

    def __init__(self, path: Path, handle: BinaryIO, kind: str | None) -> None:
        self.path, self.kind = path, kind
        self._handle = handle
        self._before = _state(path)

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
        if not self.path.exists() or _state(self.path) != self._before:
            raise InputError(
                f"{self.path}: changed while it was read; wait until it is written, then run again"
            )


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
        # in this process, without a helper program: errors surface, one core is used
        with xopen(path, "rb", threads=0, format=kind) as handle:
            yield Reader(path, handle, kind)


State = tuple[int, int, int]


def _state(path: Path) -> State:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns, stat.st_ino
