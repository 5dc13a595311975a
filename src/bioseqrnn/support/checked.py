"""JSON that anybody may have written: held against what it must be, with one line where it is not.

Every reader of JSON comes through here: options of the command line, model cards, the metadata of
Parquet files, ``selected.json``, ``chosen.json``, the configuration of a Keras model.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bioseqrnn.support.errors import InputError

# what a 64-bit integer holds: more has no meaning in any of our files, and overflows in NumPy
LARGEST = 2**63 - 1
Count = Annotated[int, Field(ge=0, le=LARGEST)]
# characters of a quoted value in a message
SHOWN = 120
# levels of lists and objects in each other; Python's own limit is a crash in some releases
DEPTH = 200
# no JSON of ours comes near; who gives more would fill the memory
MOST_BYTES = 2**28


class Described(BaseModel):
    """What a file says of itself: keys of a later version are let pass, types are not converted."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, allow_inf_nan=False)


Kind = TypeVar("Kind", bound=BaseModel)


def parse_json(text: str | bytes, where: str) -> Any:
    """Return the value of a JSON text; InputError, which begins with ``where``, where it is none.

    A key that stands twice, NaN, infinity, an integer beyond 64 bits and text that is no Unicode
    are refused: readers differ in what they make of them.
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
    """Return a JSON object as ``parse_json`` does; InputError where it is another value."""
    value = parse_json(text, where)
    if not isinstance(value, dict):
        raise InputError(f"{where}: a JSON object is needed, not {_kind(value)}")
    return value


def read_text(path: Path, what: str) -> bytes:
    """Return the bytes of a text file; InputError where they are more than any of ours has."""
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise InputError(f"{what} {path}: has {size:,} bytes; this is no such file")
    return path.read_bytes()


def checked(kind: type[Kind], values: object, where: str, advice: str = "") -> Kind:
    """Return ``values`` as a ``kind``; InputError with the first wrong field, and the advice."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        more = f"; {advice}" if advice else ""
        raise InputError(f"{where}: {problem(error)}{more}") from error


def problem(error: ValidationError) -> str:
    """Return the first problem of a validation: the field, what is expected, what was found."""
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
    """Stop at values in each other that are deeper than any of ours."""
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
                raise InputError(f"{where}: more than {DEPTH} levels of JSON in each other")
        elif letter in "]}":
            depth -= 1


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key '{twice}' stands twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is too large")
    return value


def _integer(text: str) -> int:
    if len(text) > 20 or abs(int(text)) > LARGEST:
        raise ValueError(f"{text[:20]} is too large")
    return int(text)
