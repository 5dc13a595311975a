"""Every command with its options, as declared: none can be forgotten by a test."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import Parameter, signature
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from typer.models import ArgumentInfo, ParameterInfo

from bioseqrnn.cli import app
from bioseqrnn.cli.commands import NAMES, function_of
from bioseqrnn.cli.files import Command, Role, roles
from bioseqrnn.support.errors import InputError

# what the command line calls, behind the check of its outputs
COMMANDS: dict[str, Command] = {name: function_of(name) for name in NAMES}


@dataclass(frozen=True)
class Option:
    """An option of a command; ``flag`` is None of an argument, ``choices`` what it allows."""

    name: str
    flag: str | None
    required: bool
    kinds: set[type]
    help: str
    choices: tuple[str, ...]


def plain(hint: object) -> set[type]:
    """The plain types that an annotation is made of."""
    inner = get_args(hint)
    return set().union(*map(plain, inner)) if inner else {hint}


def options(command: str) -> list[Option]:
    """All options and arguments of a command."""
    function = COMMANDS[command]
    hints = get_type_hints(function)
    extras = get_type_hints(function, include_extras=True)
    found = []
    for name, parameter in signature(function).parameters.items():
        info = next(m for m in extras[name].__metadata__ if isinstance(m, ParameterInfo))
        # Typer keeps the first name of an annotated option as its default
        names = [info.default, *(info.param_decls or ())]
        flags = [word for word in names if isinstance(word, str) and word.startswith("--")]
        flag = flags[0] if flags else f"--{name.replace('_', '-')}"
        found.append(
            Option(
                name,
                None if isinstance(info, ArgumentInfo) else flag,
                parameter.default is Parameter.empty,
                plain(hints[name]),
                info.help or "",
                tuple(info.metavar.strip("<>").split("|")) if info.parser else (),
            )
        )
    return found


def files(command: str) -> dict[str, Role]:
    """The options of a command that are files, by name."""
    return roles(COMMANDS[command])


def words(command: str, folder: Path, **given: Path | str) -> list[str]:
    """A call of a command: the options that are required, and those given."""
    called, arguments = [command], []
    for option in options(command):
        if not option.required and option.name not in given:
            continue
        value = str(given.get(option.name, _any(option, folder)))
        if option.flag is None:
            arguments.append(value)
        else:
            called += [option.flag, value]
    return [*called, "--", *arguments] if arguments else called


def _any(option: Option, folder: Path) -> object:
    if option.choices:
        return option.choices[0]
    if option.kinds & {int, float}:
        return 1
    return folder / f"none-{option.name}"


def refused(called: list[str]) -> str:
    """The message with which a call is refused."""
    with pytest.raises(InputError) as found:
        app(called, standalone_mode=False)
    return str(found.value)
