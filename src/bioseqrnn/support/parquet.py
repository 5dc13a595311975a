"""Parquet files with checks for damage and forgery.

Each page is written with a checksum, which is verified when it is read. These checksums do not
cover the footer (names and types of the columns, positions of the pages, metadata). Therefore a
seal precedes the footer: a tag and the SHA-256 of the footer and of the number of bytes before it.
The format allows extra bytes there, which other readers ignore. A file without a seal, from an
earlier version or another program, is read without this check.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from bioseqrnn.support.checked import parse_object
from bioseqrnn.support.errors import InputError

TAG = b"bioseqrnn.seal.1"
MAGIC = b"PAR1"
# bytes at the end of the file: length of the footer (4) and magic (4)
ENDING = 8
SEAL = len(TAG) + hashlib.sha256().digest_size
# errors that Arrow raises for damaged or forged files, for text that is not UTF-8, and for sizes
# that exceed the memory
DAMAGED = (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError, LookupError)
# options of every writer
WRITING: dict[str, Any] = {"write_page_checksum": True}

Value = TypeVar("Value")


def seal(path: Path) -> None:
    """Insert a seal before the footer of a Parquet file that was just written."""
    with path.open("r+b") as file:
        footer, body = _footer(file)
        file.seek(body)
        file.write(TAG + _digest(footer, body) + footer)


@contextmanager
def sealed_writer(path: Path, schema: pa.Schema, **options: Any) -> Iterator[pq.ParquetWriter]:
    """Open a Parquet file for writing, with checksums and a final seal."""
    with pq.ParquetWriter(path, schema, **WRITING, **options) as writer:
        yield writer
    seal(path)


def _footer(file: Any) -> tuple[bytes, int]:
    """Return the footer, including its length and the magic, and the number of bytes before it."""
    size = file.seek(0, 2)
    file.seek(max(0, size - ENDING))
    ending = file.read(ENDING)
    length = int.from_bytes(ending[:4], "little") + ENDING
    if ending[4:] != MAGIC or length > size:
        raise ValueError("it does not end like a Parquet file; is it complete?")
    file.seek(size - length)
    return file.read(length), size - length


def _digest(footer: bytes, body: int) -> bytes:
    return hashlib.sha256(footer + body.to_bytes(8, "little")).digest()


def _check_seal(path: Path) -> None:
    """Raise ValueError if the footer is not the one that was sealed."""
    with path.open("rb") as file:
        footer, begin = _footer(file)
        if begin < SEAL:
            return
        file.seek(begin - SEAL)
        found = file.read(SEAL)
    if found.startswith(TAG) and found[len(TAG) :] != _digest(footer, begin - SEAL):
        raise ValueError("its footer has changed since it was written")


class TableFile(pq.ParquetFile):  # type: ignore[misc]
    """An open Parquet file; a damaged part raises an InputError that names the file.

    Attributes
    ----------
    path : Path
    what : str
        For messages, like ``fold table``.
    """

    def __init__(self, path: Path, what: str, **options: Any) -> None:
        self.path, self.what = path, what

        def begin() -> None:
            _check_seal(path)
            super(TableFile, self).__init__(path, page_checksum_verification=True, **options)

        self._guarded(begin)

    def _guarded(self, reading: Callable[[], Value]) -> Value:
        try:
            return reading()
        except InputError:
            raise
        except DAMAGED as error:
            why = " ".join(str(error).split())
            raise InputError(
                f"{self.what} {self.path}: not a readable Parquet file ({why}); make or copy it "
                "again"
            ) from error

    def metadata_of(self, key: bytes) -> dict[str, Any] | None:
        """Return the JSON object under a key of the schema's metadata; None if there is none."""
        blob = (self.metadata.metadata or {}).get(key)
        if blob is None:
            return None
        return parse_object(blob, f"{self.what} {self.path}: metadata")

    def read(self, *values: Any, **options: Any) -> pa.Table:
        """Read as ``ParquetFile.read`` does."""
        return self._guarded(lambda: super(TableFile, self).read(*values, **options))

    def read_row_group(self, *values: Any, **options: Any) -> pa.Table:
        """Read as ``ParquetFile.read_row_group`` does."""
        return self._guarded(lambda: super(TableFile, self).read_row_group(*values, **options))

    def iter_batches(self, *values: Any, **options: Any) -> Iterator[pa.RecordBatch]:
        """Yield as ``ParquetFile.iter_batches`` does."""
        batches = super().iter_batches(*values, **options)
        while True:
            batch = self._guarded(lambda: next(batches, None))
            if batch is None:
                return
            yield batch
