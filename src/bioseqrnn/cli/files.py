"""Which options of a command are files, read or written: declared where the option is.

``Annotated[Path, typer.Option(...), Writes()]``: before a command runs, all that it writes is held
against all that it reads (``bioseqrnn.support.paths``).
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from pathlib import Path
from typing import Any, get_type_hints

from typer.models import ArgumentInfo, ParameterInfo

from bioseqrnn.support.paths import Named, check_folder, check_outputs

Values = dict[str, Any]
Command = Callable[..., None]


def _nothing(_path: Path, _values: Values) -> Iterable[Path]:
    return ()


@dataclass(frozen=True)
class Reads:
    """The option names files to read: a folder means the files in it, a glob those that match.

    ``beside`` are names of further files that are read from the same folder.
    """

    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Writes:
    """The option names a file to write.

    Attributes
    ----------
    also : callable
        Further files that are written because of it, from its path and the values of all options.
    when : callable
        Whether it is written; else it is read.
    """

    also: Callable[[Path, Values], Iterable[Path]] = _nothing
    when: Callable[[Values], bool] = lambda _values: True


@dataclass(frozen=True)
class WritesInto:
    """The option names a folder, into which files of these names are written."""

    names: tuple[str, ...]


Role = Reads | Writes | WritesInto


def roles(command: Command) -> dict[str, Role]:
    """What the options of a command that are files are for, by parameter."""
    hints = get_type_hints(command, include_extras=True)
    return {
        name: role
        for name in signature(command).parameters
        for role in getattr(hints[name], "__metadata__", ())
        if isinstance(role, Role)
    }


def _called(command: Command, name: str) -> str:
    """What help calls an option, or an argument."""
    hints = get_type_hints(command, include_extras=True)
    (info,) = (m for m in hints[name].__metadata__ if isinstance(m, ParameterInfo))
    if isinstance(info, ArgumentInfo):
        return name.upper()
    # Typer keeps the first name of an annotated option as its default
    flags = [word for word in (info.default, *(info.param_decls or ())) if str(word)[:2] == "--"]
    return str(flags[0]) if flags else f"--{name.replace('_', '-')}"


def checked(command: Command) -> Command:
    """Let a command refuse outputs that are inputs, or no plain files, before it runs."""

    @wraps(command)
    def run(**values: Any) -> None:
        check_outputs(*files_of(command, values))
        command(**values)

    return run


def files_of(command: Command, values: Values) -> tuple[list[Named], list[Named]]:
    """The files that a command reads, and those that it writes, for these values of its options."""
    inputs: list[Named] = []
    outputs: list[Named] = []
    for name, role in roles(command).items():
        option = _called(command, name)
        given = values.get(name)
        for text in given if isinstance(given, list) else [given]:
            if text is None:
                continue
            path = Path(text)
            if isinstance(role, WritesInto):
                check_folder(option, path)
                outputs += [(option, path / inner) for inner in role.names]
            elif isinstance(role, Writes) and role.when(values):
                outputs.append((option, path))
                outputs += [(option, more) for more in role.also(path, values)]
            else:
                found = [path] if path.exists() else [Path(p) for p in glob.glob(str(text))]  # noqa: PTH207
                inputs += [(option, file) for file in found]
                beside = role.beside if isinstance(role, Reads) else ()
                inputs += [(option, path.with_name(inner)) for inner in beside]
    return inputs, outputs
