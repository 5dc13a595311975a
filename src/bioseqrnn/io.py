"""Files: written whole or not at all, opened with an error that names them."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bioseqrnn.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

METADATA_KEY = b"bioseqrnn"


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary path in the same folder that becomes ``path`` only if the block succeeds.

    The file is synced before the rename, so the final name never holds half a file, whatever
    happens to the process or the machine.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        # mkstemp makes files private; give the usual rights instead
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def require_file(path: Path, what: str) -> Path:
    """Return ``path`` if it is a readable file, else raise InputError naming it."""
    path = Path(path)
    if not path.exists():
        raise InputError(f"{what} {path}: no such file; check the path")
    if path.is_dir():
        raise InputError(f"{what} {path}: is a folder, a file is needed")
    if not path.is_file():
        raise InputError(f"{what} {path}: is a pipe or device, which cannot be read twice; save it")
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
    """Read a JSON object that must have some keys; InputError where it is not one."""
    require_file(path, what)
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{what} {path}: not JSON ({error})") from error
    if not isinstance(value, dict) or not set(keys) <= set(value):
        raise InputError(f"{what} {path}: must be an object with {', '.join(keys)}; make it again")
    return value


def write_tsv(path: Path, frame: pd.DataFrame) -> None:
    """Write a frame as tab-separated text atomically; floats keep 10 significant digits."""
    with atomic_path(path) as temporary:
        frame.to_csv(temporary, sep="\t", index=False, float_format="%.10g", lineterminator="\n")


def write_parquet(path: Path, table: pa.Table, metadata: Mapping[str, Any]) -> None:
    """Write a table atomically with ``metadata`` as JSON under the schema key ``bioseqrnn``."""
    import pyarrow.parquet as pq

    blob = json.dumps(metadata, sort_keys=True).encode()
    with atomic_path(path) as temporary:
        pq.write_table(
            table.replace_schema_metadata({METADATA_KEY: blob}), temporary, compression="zstd"
        )


def read_parquet(
    path: Path, what: str, columns: list[str] | None = None
) -> tuple[pa.Table, dict[str, Any]]:
    """Read a table and the JSON under its schema key ``bioseqrnn``.

    Raises
    ------
    InputError
        Where the file is missing, is not Parquet, or was not written by bioseqrnn.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    require_file(path, what)
    try:
        table = pq.read_table(path, columns=columns)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{what} {path}: not a readable Parquet file ({error})") from error
    blob = (table.schema.metadata or {}).get(METADATA_KEY)
    if blob is None:
        raise InputError(f"{what} {path}: not written by bioseqrnn (no 'bioseqrnn' metadata)")
    metadata: dict[str, Any] = json.loads(blob)
    return table, metadata
