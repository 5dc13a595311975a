"""Messages of one line for JSON schema errors in a configuration or in a row of a sheet."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
from jsonschema.exceptions import ValidationError

from bioseqrnn.config.checks.text import suggestion

TYPE_WORDS = {
    "object": "a section of keys and values",
    "array": "a list, like [1, 2]",
    "integer": "a whole number",
    "number": "a number",
    "string": "text; put it in quotes",
    "boolean": "true or false",
}


def _is_integer(_: object, value: object) -> bool:
    # JSON Schema accepts 3.0 as an integer; the command line does not
    return isinstance(value, int) and not isinstance(value, bool)


_extend: Any = jsonschema.validators.extend
SchemaValidator: Any = _extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)


def read_schema(path: str | Path) -> Any:
    """Return the validator of a schema file."""
    return SchemaValidator(json.loads(Path(path).read_text(encoding="utf-8")))


def first_problem(instance: object, validator: Any) -> ValidationError | None:
    """Return the deepest error, which names the key; None if there is no error."""
    errors: list[ValidationError] = sorted(
        validator.iter_errors(instance), key=lambda e: (-len(e.absolute_path), e.message)
    )
    return errors[0] if errors else None


def unknown_keys(error: ValidationError) -> list[str]:
    """Return the keys of a section that the schema does not have."""
    if error.validator != "additionalProperties":
        return []
    schema: Any = error.schema
    known = schema.get("properties", {})
    patterns = schema.get("patternProperties", {})
    section: Any = error.instance
    return [
        key
        for key in section
        if key not in known and not any(re.search(p, str(key)) for p in patterns)
    ]


def schema_problem(error: ValidationError, quoted: bool = True) -> str:
    """Return one line for a schema error: the key, the problem, what to do.

    Parameters
    ----------
    error : ValidationError
    quoted : bool
        Whether the value is in a file, where quotes turn a number into text.
    """
    key = ".".join(str(part) for part in error.absolute_path)
    prefix = f"{key}: " if key else ""
    value: Any = error.instance
    wanted: Any = error.validator_value
    if error.validator == "additionalProperties":
        return f"{prefix}{_unknown_key(error)}"
    if error.validator == "type":
        return f"{prefix}{_wrong_type(value, wanted, quoted)}"
    if error.validator == "required":
        missing = [name for name in wanted if name not in value]
        return f"{prefix}'{missing[0]}' is missing"
    if error.validator == "anyOf":
        return _no_kind_fits(error, key, prefix, quoted)
    if error.validator == "enum":
        return f"{prefix}'{value}' is not allowed; {suggestion(value, wanted)}"
    if error.validator == "not":
        return f"{prefix}{value} must be an odd number"
    if error.validator == "pattern" and key == "results":
        return f"{prefix}'{value}' is not a folder to write into"
    if error.validator == "pattern":
        return f"{prefix}'{value}' may contain only letters, digits, '.', '_' and '-'"
    if error.validator == "minLength":
        return f"{prefix}is empty"
    return f"{prefix}{error.message}"


def _unknown_key(error: ValidationError) -> str:
    schema: Any = error.schema
    extra = unknown_keys(error)[0]
    if schema.get("patternProperties"):
        return f"name '{extra}' may contain only letters, digits, '.', '_' and '-'"
    return f"unknown key '{extra}'; {suggestion(extra, schema.get('properties', {}))}"


def _wrong_type(value: object, wanted: str, quoted: bool) -> str:
    if wanted in ("integer", "number") and quoted and isinstance(value, str):
        try:
            float(value)
        except ValueError:
            pass
        else:
            return f"'{value}' is text, not a number; write 0.001 instead of 1e-3, without quotes"
    if wanted == "string" and not quoted:
        return f"{value!r} is not text; write it in two pairs of quotes, like '\"2024\"'"
    return f"{value!r} is not {TYPE_WORDS[wanted]}"


def _no_kind_fits(error: ValidationError, key: str, prefix: str, quoted: bool) -> str:
    """Return the line for a value that can have one of several types but has none of them."""
    context: Any = error.context
    words = [e for e in context if e.validator == "const"]
    if words:
        # a number or a word is allowed: report what is wrong with it as a number
        others = [e for e in context if e.validator != "const"]
        return f"{schema_problem(others[0], quoted)} (or write {words[0].validator_value})"
    meant = [e for e in context if not (e.validator == "type" and not e.path)]
    if meant:
        return schema_problem(meant[0], quoted)
    if key.startswith("search.space."):
        return (
            f"{prefix}give a list of choices, like [7, 11], or for a number a range, like "
            "{low: 1, high: 9}"
        )
    return f"{prefix}{error.instance!r} does not fit; names must be text, put them in quotes"
