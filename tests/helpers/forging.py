"""JSON changed as a stranger would: every field away, or of every other type."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import METADATA_KEY

WRONG = (None, True, -1, 3.5, "x", "", [], ["x"], [[]], {}, {"x": 1}, {"x": None}, 2**62)


def forged(value: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what was changed, and the object with one field changed; fields of fields, too."""
    for key, inner in value.items():
        fields = list(inner) if isinstance(inner, dict) else []
        for place in [(key,), *((key, name) for name in fields)]:
            for wrong in ("away", *WRONG):
                made = copy.deepcopy(value)
                target = made if len(place) == 1 else made[key]
                if wrong == "away":
                    del target[place[-1]]
                else:
                    target[place[-1]] = wrong
                yield f"{'.'.join(place)} = {json.dumps(wrong)}", made


def refused(read: Callable[[], object]) -> str | None:
    """The line that reading ends with, or None where it does not; any other error is one."""
    said = None
    try:
        read()
    except InputError as error:
        said = str(error)
    assert said is None or ("\n" not in said and len(said) < 600)
    return said


def with_metadata(source: Path, target: Path, value: object) -> Path:
    """Copy a Parquet file with other JSON in it, as Arrow writes it."""
    blob = value if isinstance(value, bytes) else json.dumps(value).encode()
    table = pq.read_table(source)
    pq.write_table(table.replace_schema_metadata({METADATA_KEY: blob}), target)
    return target
