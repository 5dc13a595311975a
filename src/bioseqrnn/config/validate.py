"""Builds sections of the settings from plain values; a wrong value gives a message of one line."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bioseqrnn.config.strict import Strict
from bioseqrnn.support.checked import parse_json, short
from bioseqrnn.support.errors import InputError

Section = TypeVar("Section", bound=Strict)


def section(kind: type[Section], values: Mapping[str, Any], where: str) -> Section:
    """Build a section of the settings, such as ``ModelConfig``.

    Parameters
    ----------
    kind : type of Strict
    values : mapping
        Settings by name; missing ones get their defaults.
    where : str
        Name of the values, at the beginning of messages.

    Raises
    ------
    InputError
        A name is unknown, or a value is not allowed: one line with the likely correction or with
        the allowed values.
    """
    try:
        return kind(**values)
    except ValidationError as error:
        raise InputError(_one_line(error, where, kind)) from error


def section_from_json(kind: type[Section], text: str, where: str) -> Section:
    """Build a section of the settings from a JSON object given on the command line."""
    values = parse_json(text, where)
    if not isinstance(values, dict):
        raise InputError(f"{where}: must be a JSON object, like '{kind.EXAMPLE}'")
    return section(kind, values, where)


def _one_line(error: ValidationError, where: str, kind: type[BaseModel]) -> str:
    """Return the first problem of a validation error: where, key, problem, likely correction."""
    # if several types are allowed, an error that the value is not of another type does not help
    others = ("list_type", "model_type", "literal_error")
    problems = error.errors()
    first = next((problem for problem in problems if problem["type"] not in others), problems[0])
    key = ".".join(str(part) for part in first["loc"] if not _is_kind(part))
    if first["type"] == "extra_forbidden":
        return f"{where}: unknown setting '{key}'{_hint(key, _names(kind))}"
    message = first["msg"].removeprefix("Value error, ")
    given = first["input"]
    if any(
        other["type"] == "literal_error" and other["loc"][:-1] == first["loc"][:-1]
        for other in problems
        if other is not first
    ):
        message += ", or 'auto'"
    shown = f" (given: {short(repr(given))})" if not isinstance(given, dict) else ""
    return f"{where}: {key + ': ' if key else ''}{message}{shown}"


def _is_kind(part: int | str) -> bool:
    """Whether a part of an error's location names one of several types, and not a key."""
    return isinstance(part, str) and (
        "[" in part or part.endswith("Range") or part.startswith("constrained-")
    )


def _names(kind: type[BaseModel]) -> list[str]:
    """List the settings of a section; those of inner sections have a dot, like ``length.limit``."""
    names = list(kind.model_fields)
    for name, field in kind.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            names += [f"{name}.{inner}" for inner in _names(field.annotation)]
    return names


def _hint(key: str, names: list[str]) -> str:
    """Return the likely correction of a name, or the names that are known at that place."""
    close = difflib.get_close_matches(key, names, n=1)
    if close:
        return f"; did you mean '{close[0]}'?"
    above = key.rpartition(".")[0]
    beside = [name for name in names if name.rpartition(".")[0] == above]
    return f"; known: {', '.join(beside)}"
