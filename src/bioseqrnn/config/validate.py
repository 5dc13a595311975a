"""Settings checked, with one line where something is wrong."""

from __future__ import annotations

import difflib
from typing import Any

from pydantic import ValidationError

from bioseqrnn.config.audit import AuditConfig, Check
from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.config.search import SearchConfig
from bioseqrnn.support.checked import parse_json, short
from bioseqrnn.support.errors import InputError


def _one_line(error: ValidationError, where: str, known: list[str]) -> str:
    """The first problem of a validation error as: where, key, what, and a likely correction."""
    # where several kinds of value are allowed, that it is not of another kind says nothing
    others = ("list_type", "model_type", "literal_error")
    problems = error.errors()
    first = next((problem for problem in problems if problem["type"] not in others), problems[0])
    key = ".".join(str(part) for part in first["loc"] if not _is_kind(part))
    if first["type"] == "extra_forbidden":
        close = difflib.get_close_matches(key, known, n=1)
        hint = f"; did you mean '{close[0]}'?" if close else f"; known: {', '.join(known)}"
        return f"{where}: unknown setting '{key}'{hint}"
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
    """Whether a part of an error's place names one of several kinds of value, and no key."""
    return isinstance(part, str) and (
        "[" in part or part.endswith("Range") or part.startswith("constrained-")
    )


def model_config(values: dict[str, Any], where: str) -> ModelConfig:
    """Build a ModelConfig; InputError with one line where a key or value is wrong."""
    try:
        return ModelConfig(**values)
    except ValidationError as error:
        raise InputError(_one_line(error, where, list(ModelConfig.model_fields))) from error


def _json_object(text: str, where: str, example: str) -> dict[str, Any]:
    values = parse_json(text, where)
    if not isinstance(values, dict):
        raise InputError(f"{where}: a JSON object is needed, like '{example}'")
    return values


def model_config_from_json(text: str, where: str) -> ModelConfig:
    """Build a ModelConfig from a JSON object given on the command line."""
    return model_config(_json_object(text, where, '{"cell": "gru"}'), where)


def audit_config_from_json(text: str, where: str) -> AuditConfig:
    """Build an AuditConfig from a JSON object given on the command line."""
    values = _json_object(text, where, '{"length": {"action": "stop"}}')
    try:
        return AuditConfig(**values)
    except ValidationError as error:
        names = list(AuditConfig.model_fields)
        known = names + [f"{name}.{key}" for name in names[1:] for key in Check.model_fields]
        raise InputError(_one_line(error, where, known)) from error


def folds_config_from_json(text: str, where: str) -> FoldsConfig:
    """Build a FoldsConfig from a JSON object given on the command line."""
    values = _json_object(text, where, '{"count": 10}')
    try:
        return FoldsConfig(**values)
    except ValidationError as error:
        raise InputError(_one_line(error, where, list(FoldsConfig.model_fields))) from error


def dataset_options_from_json(text: str, where: str) -> DatasetOptions:
    """Build DatasetOptions from a JSON object given on the command line."""
    values = _json_object(text, where, '{"strands": "both"}')
    try:
        return DatasetOptions(**values)
    except ValidationError as error:
        raise InputError(_one_line(error, where, list(DatasetOptions.model_fields))) from error


def search_config_from_json(text: str, where: str) -> SearchConfig:
    """Build a SearchConfig from a JSON object given on the command line."""
    values = _json_object(text, where, '{"trials": 40}')
    try:
        return SearchConfig(**values)
    except ValidationError as error:
        names = list(SearchConfig.model_fields)
        space = SearchConfig.model_fields["space"].default
        known = names + [f"space.{name}" for name in type(space).model_fields]
        raise InputError(_one_line(error, where, known)) from error
