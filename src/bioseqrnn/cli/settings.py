"""Options of commands that are settings: type, limits, choices, default and help are the setting's.

``bootstrap: Annotated[int, option(EvaluationConfig, "bootstrap")] = default(EvaluationConfig,
"bootstrap")`` declares one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args, get_origin

import typer
from annotated_types import Ge, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo


def option(section: type[BaseModel], name: str, *flags: str, help: str | None = None) -> Any:  # noqa: A002
    """Declare the option of a setting.

    Parameters
    ----------
    section : type of BaseModel
        Section of the settings, like ``FoldsConfig``.
    name : str
        The setting in its section.
    *flags : str
        Names of the option, where they are not made from the name of the parameter.
    help : str, optional
        Help, where the description of the setting is not what the command does with it.

    Returns
    -------
    OptionInfo
        To stand in ``Annotated``. An option with choices is given to the command as text.

    Raises
    ------
    TypeError
        The setting has a type or limit that an option of the command line cannot express.
    """
    field = section.model_fields[name]
    return _option(field, flags, help or field.description or "")


def option_of(kind: Any, *flags: str, help: str) -> Any:  # noqa: A002
    """Declare an option with a type that several settings share, like ``Seed``."""
    return _option(FieldInfo.from_annotation(kind), flags, help)


def default(section: type[BaseModel], name: str) -> Any:
    """Return the default of a setting."""
    return section.model_fields[name].get_default()


def _option(field: FieldInfo, flags: tuple[str, ...], text: str) -> Any:
    kind = field.annotation
    if get_origin(kind) is Literal:
        names = [str(name) for name in get_args(kind)]
        shown = f"<{'|'.join(names)}>"
        return typer.Option(*flags, help=text, parser=one_of(names), metavar=shown)
    if kind not in (int, float, bool, str):
        raise TypeError(f"no option can be made from {kind}")
    limits: dict[str, Any] = {}
    for limit in field.metadata:
        if isinstance(limit, Ge):
            limits["min"] = limit.ge
        elif isinstance(limit, Le):
            limits["max"] = limit.le
        else:
            raise TypeError(f"an option cannot be held to {limit}")
    return typer.Option(*flags, help=text, **limits)


def one_of(names: Sequence[str]) -> Callable[[str], str]:
    """Make the parser of an option that takes one of these names."""

    def choice(text: str) -> str:
        if text not in names:
            known = ", ".join(repr(name) for name in names)
            raise typer.BadParameter(f"{text!r} is not one of {known}.")
        return text

    return choice
