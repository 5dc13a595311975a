"""Reading and writing of files: writing is atomic, and errors name the file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from bioseqrnn.support.atomic import atomic_path
from bioseqrnn.support.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    from bioseqrnn.support.parquet import TableFile

METADATA_KEY = b"bioseqrnn"
BUFFER_BYTES = 2**20
# how pandas writes a table
TSV: dict[str, Any] = {
    "sep": "\t", "index": False, "float_format": "%.10g", "lineterminator": "\n"
}  # fmt: skip


def require_file(path: Path, what: str) -> Path:
    """Return ``path`` if it is a readable file, else raise InputError naming it."""
    path = Path(path)
    if not path.exists():
        raise InputError(f"{what} {path}: no such file; check the path")
    if path.is_dir():
        raise InputError(f"{what} {path}: is a folder; give a file")
    if not path.is_file():
        raise InputError(
            f"{what} {path}: is a pipe or device, which cannot be read twice; save its content to "
            "a file"
        )
    if not os.access(path, os.R_OK):
        raise InputError(f"{what} {path}: not readable; check its permissions")
    return path


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as hexadecimal text."""
    with Path(path).open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Write sorted, indented JSON atomically."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def read_json(path: Path, what: str, keys: tuple[str, ...]) -> dict[str, Any]:
    """Read a JSON object that must have the given keys; InputError if it is not one."""
    from bioseqrnn.support.checked import parse_json, read_text

    require_file(path, what)
    value = parse_json(read_text(path, what), f"{what} {path}")
    if not isinstance(value, dict) or not set(keys) <= set(value):
        raise InputError(f"{what} {path}: must be an object with {', '.join(keys)}; make it again")
    return value


def write_tsv(path: Path, frame: pd.DataFrame) -> None:
    """Write a frame as tab-separated text atomically; floats keep 10 significant digits."""
    with atomic_path(path) as temporary:
        frame.to_csv(temporary, **TSV)


def append_tsv(file: IO[str], frame: pd.DataFrame) -> None:
    """Write the rows of a frame to an open file, as ``write_tsv`` does, without their names."""
    frame.to_csv(file, header=False, **TSV)


def write_parquet(path: Path, table: pa.Table, metadata: Mapping[str, Any]) -> None:
    """Write a table atomically with ``metadata`` as JSON under the schema key ``bioseqrnn``."""
    with parquet_writer(path, table.schema, metadata) as writer:
        writer.write_table(table)


@contextmanager
def parquet_writer(
    path: Path, schema: pa.Schema, metadata: Mapping[str, Any]
) -> Iterator[pq.ParquetWriter]:
    """Open a table for writing in parts, atomically, with ``metadata`` as in ``write_parquet``."""
    from bioseqrnn.support.parquet import sealed_writer

    blob = json.dumps(metadata, sort_keys=True).encode()
    described = schema.with_metadata({METADATA_KEY: blob})
    with (
        atomic_path(path) as temporary,
        sealed_writer(temporary, described, compression="zstd") as writer,
    ):
        yield writer


def read_parquet(
    path: Path, what: str, columns: list[str] | None = None
) -> tuple[pa.Table, dict[str, Any]]:
    """Read a table and the JSON under its schema key ``bioseqrnn``.

    Raises
    ------
    InputError
        The file is missing, is not Parquet, was not written by bioseqrnn, is damaged or lacks one
        of the columns.
    """
    file, metadata = open_parquet(path, what)
    require_columns(file, columns or [])
    return file.read(columns), metadata


def open_parquet(
    path: Path, what: str, *, columns_whole: bool = False
) -> tuple[TableFile, dict[str, Any]]:
    """Open a table and return it with its JSON; only the footer is read.

    Parameters
    ----------
    path : Path
    what : str
        For messages, like ``fold table``.
    columns_whole : bool
        Whether a column of a row group is read at once, which is faster for small row groups;
        otherwise it is read in parts of a megabyte.

    Raises
    ------
    InputError
        As in ``read_parquet``; also later, if a part of the file that is read is damaged.
    """
    from bioseqrnn.support.parquet import TableFile

    require_file(path, what)
    file = TableFile(path, what, buffer_size=0 if columns_whole else BUFFER_BYTES)
    metadata = file.metadata_of(METADATA_KEY)
    if metadata is None:
        raise InputError(f"{what} {path}: not written by bioseqrnn (no 'bioseqrnn' metadata)")
    return file, metadata


def require_columns(file: TableFile, columns: Iterable[str]) -> None:
    """Raise InputError unless a table has each of the given columns exactly once."""
    names = file.schema_arrow.names
    for name in columns:
        if names.count(name) != 1:
            raise InputError(
                f"{file.what} {file.path}: must have exactly one column '{name}' (it has "
                f"{', '.join(names)}); make it again"
            )


def same_values(first: Iterator[pa.Array], second: Iterator[pa.Array]) -> bool:
    """Whether two columns hold the same values, whatever parts they are divided into."""
    one = other = None
    while True:
        one = one or next((part for part in first if len(part)), None)
        other = other or next((part for part in second if len(part)), None)
        if one is None or other is None:
            return one is other
        count = min(len(one), len(other))
        if not one[:count].equals(other[:count]):
            return False
        one, other = one[count:], other[count:]
