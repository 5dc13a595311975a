"""Validation of untrusted JSON, with a message of one line if it is not valid.

All JSON is read by this module: options of the command line, model cards, the metadata of Parquet
files, ``selected.json``, ``chosen.json``, the configuration of a Keras model.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bioseqrnn.support.errors import InputError

# largest 64-bit integer: larger numbers have no meaning in any of these files, and overflow in
# NumPy
LARGEST = 2**63 - 1
Count = Annotated[int, Field(ge=0, le=LARGEST)]
# most characters of a quoted value in a message
SHOWN = 120
# most levels of nested lists and objects; at Python's own limit some releases crash
DEPTH = 200
# far more than any JSON of bioseqrnn; larger files would fill the memory
MOST_BYTES = 2**28


class Described(BaseModel):
    """Metadata of a file: unknown keys (of a later version) are ignored, types not converted."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, allow_inf_nan=False)


Kind = TypeVar("Kind", bound=BaseModel)


def parse_json(text: str | bytes, where: str) -> Any:
    """Return the value of a JSON text; if it is not valid, an InputError begins with ``where``.

    Repeated keys, NaN, infinity, integers beyond 64 bits and text that is not Unicode are refused,
    because different readers interpret them differently.
    """
    try:
        plain = text.decode("utf-8") if isinstance(text, bytes) else text
        _check_depth(plain, where)
        value = json.loads(
            plain,
            object_pairs_hook=_unique,
            parse_constant=_no_number,
            parse_float=_finite,
            parse_int=_integer,
        )
        if "\\ud" in plain or "\\uD" in plain:
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: not JSON ({short(str(error))})") from error
    return value


def parse_object(text: str | bytes, where: str) -> dict[str, Any]:
    """Return a JSON object as ``parse_json`` does; InputError if the value is not an object."""
    value = parse_json(text, where)
    if not isinstance(value, dict):
        raise InputError(f"{where}: must be a JSON object, not {_kind(value)}")
    return value


def read_text(path: Path, what: str) -> bytes:
    """Return the bytes of a text file; InputError if there are more than ``MOST_BYTES``."""
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise InputError(f"{what} {path}: has {size:,} bytes, which is too large for such a file")
    return path.read_bytes()


def checked(kind: type[Kind], values: object, where: str, advice: str = "") -> Kind:
    """Return ``values`` as a ``kind``; an InputError names the first wrong field, with advice."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        more = f"; {advice}" if advice else ""
        raise InputError(f"{where}: {problem(error)}{more}") from error


def problem(error: ValidationError) -> str:
    """Return the first problem of a validation: the field, the expected and the found value."""
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    if first["type"] == "missing":
        return f"'{key}' is missing"
    shown = "" if first["type"] == "value_error" else f", not {short(repr(first['input']))}"
    return f"{key + ' ' if key else ''}{message}{shown}"


def short(text: str) -> str:
    """Return a text as one line of bounded length, for messages."""
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"


def _kind(value: object) -> str:
    names = {list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _check_depth(text: str, where: str) -> None:
    """Raise InputError if lists and objects are nested more deeply than ``DEPTH``."""
    if text.count("[") + text.count("{") <= DEPTH:
        return
    depth, quoted, escaped = 0, False, False
    for letter in text:
        if quoted:
            quoted = escaped or letter != '"'
            escaped = letter == "\\" and not escaped
        elif letter == '"':
            quoted = True
        elif letter in "[{":
            depth += 1
            if depth > DEPTH:
                raise InputError(f"{where}: JSON is nested more than {DEPTH} levels deep")
        elif letter in "]}":
            depth -= 1


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key '{twice}' appears twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is too large")
    return value


def _integer(text: str) -> int:
    if len(text) > 20 or abs(int(text)) > LARGEST:
        raise ValueError(f"{text[:20]} is too large")
    return int(text)
