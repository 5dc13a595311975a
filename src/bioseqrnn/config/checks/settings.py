"""The sources of settings, and the check of settings by a schema.

Settings come from the command line, from a file that is given there, from ``config/config.yaml``,
or from the configuration that an importing workflow gives to the module.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bioseqrnn.config.checks.schema_errors import first_problem, schema_problem, unknown_keys
from bioseqrnn.config.checks.text import is_one_line
from bioseqrnn.config.checks.yaml_file import check_yaml
from bioseqrnn.support.errors import InputError

CONFIG_FILE = "config/config.yaml"
COMMAND_LINE = "--config"
ADDED = f"{CONFIG_FILE} (to which --configfile adds; --replace-workflow-config ignores this file)"


@dataclass(frozen=True)
class Given:
    """The sources that give a run its settings.

    Attributes
    ----------
    module_name : str or None
        Name of this workflow in an importing workflow; None if it is not imported.
    config : mapping or None
        Configuration that the importing workflow gives to the module.
    configfiles : sequence of path
        Files from ``--configfile``.
    command_line : mapping
        Settings from ``--config``.
    replaces : bool
        Whether these replace ``config/config.yaml``.
    """

    module_name: str | None
    config: Mapping[str, Any] | None
    configfiles: Sequence[str | Path] = ()
    command_line: Mapping[str, Any] | None = None
    replaces: bool = False


class Origins:
    """The source of each setting, for messages.

    Parameters
    ----------
    sources : list of (str, mapping)
        Names and settings of the sources; the first source that has a setting counts.
    adds : bool
        Whether a given file adds to ``config/config.yaml``.
    """

    def __init__(self, sources: list[tuple[str, Mapping[str, Any]]], adds: bool = False) -> None:
        self.sources, self.adds = sources, adds

    def at(self, *path: object) -> str:
        """Return the source of a setting; for an absent one, that of the section around it."""

        def depth(values: Any) -> int:
            for count, part in enumerate(path):
                try:
                    values = values[part]
                except (KeyError, IndexError, TypeError):
                    return count
            return len(path)

        name, _ = max(self.sources, key=lambda source: depth(source[1]))
        return ADDED if name == CONFIG_FILE and self.adds else name

    def tell_added_models(self) -> None:
        """Warn of models in ``config/config.yaml`` that are added to those of a given file.

        They are trained too, which the user may not intend.
        """
        if not self.adds:
            return
        files = [v for name, v in self.sources if name not in (COMMAND_LINE, CONFIG_FILE)]
        named = {name for values in files for name in values.get("models") or {}}
        base = dict(self.sources).get(CONFIG_FILE, {}).get("models") or {}
        others = [name for name in base if name not in named]
        if named and others:
            sys.stderr.write(
                f"bioseqrnn: warning: models: {', '.join(others)} of {CONFIG_FILE} are also "
                "trained; --configfile adds to that file, --replace-workflow-config ignores that "
                "file\n"
            )


def check_configuration_files(given: Given) -> Origins:
    """Check the files that Snakemake will read, and return the sources of the settings.

    If another workflow imports this one, it gives the settings, and a ``config/config.yaml`` in
    the folder belongs to that workflow.
    """
    if given.module_name is not None:
        if given.config is None:
            name = given.module_name
            raise InputError(
                f"module '{name}': it has no 'config'; write its settings there, like config: "
                f"config['{name}'] (docs/module.md)"
            )
        return Origins([(f"config of module '{given.module_name}'", given.config)])
    names = [os.path.relpath(path) for path in given.configfiles]
    files = {name: check_yaml(name) for name in names}
    if Path(CONFIG_FILE).exists():
        base = check_yaml(CONFIG_FILE)
        if not given.replaces and CONFIG_FILE not in names:
            files = {CONFIG_FILE: base} | files
    elif not names:
        raise InputError(
            f"{CONFIG_FILE}: no such file in {Path.cwd()}; write one, or give another file with "
            "--configfile"
        )
    sources: list[tuple[str, Mapping[str, Any]]] = list(reversed(files.items()))
    if given.command_line:
        sources.insert(0, (COMMAND_LINE, given.command_line))
    return Origins(sources, adds=bool(names) and CONFIG_FILE not in names)


def plain_value(text: str) -> Any:
    """Return the value that a text from the command line would have in a file."""
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        return number if math.isfinite(number) else text
    words = {"true": True, "yes": True, "on": True, "null": None, "~": None}
    words |= {"false": False, "no": False, "off": False}
    return words.get(text.lower(), text)


Place = tuple[object, ...]


def read_command_line(
    values: Any, given: Any, accepted: Callable[[Place], bool], path: Place = ()
) -> None:
    """Convert the text of nested ``--config`` values to numbers and so on, where these are needed.

    Snakemake passes all of ``{count: 3}`` as text.

    Parameters
    ----------
    values : mapping or list
        Changed in place.
    given : mapping or list
        The part of ``values`` that was given on the command line.
    accepted : callable
        Function that tells whether the schema accepts the present value at a place.
    path : tuple
        The place of ``values`` in the configuration.
    """
    parts = given.items() if isinstance(given, Mapping) else enumerate(given)
    for key, value in parts:
        here = (*path, key)
        if isinstance(value, (Mapping, list)):
            read_command_line(values[key], value, accepted, here)
        elif isinstance(value, str):
            plain = plain_value(value)
            if plain is value:
                continue
            # text stays where text is needed, like a class named 1; null becomes None if allowed
            if plain is None or not accepted(here):
                values[key] = plain
            if plain is None and not accepted(here):
                values[key] = value


def check_settings(config: dict[str, Any], origins: Origins, schema: Any) -> None:
    """Check settings against the schema, after conversion of the text of ``--config``."""

    def accepted(path: Place) -> bool:
        errors = schema.iter_errors(config)
        return not any(tuple(error.absolute_path)[: len(path)] == path for error in errors)

    check_values(config, origins)
    name, values = origins.sources[0]
    if name == COMMAND_LINE:
        read_command_line(config, values, accepted)
    error = first_problem(config, schema)
    if error:
        where = origins.at(*error.absolute_path, *unknown_keys(error)[:1])
        raise InputError(f"{where}: {schema_problem(error, quoted=where != COMMAND_LINE)}")


def check_values(node: Any, origins: Origins, path: Place = ()) -> None:
    """Refuse keys that are not text, text of more than one line, and numbers such as infinity."""
    key = ".".join(map(str, path))
    if isinstance(node, Mapping):
        for name, value in node.items():
            if not isinstance(name, str):
                raise InputError(
                    f"{origins.at(*path)}: {key}{'.' if key else ''}{name!r} is not text; put the "
                    "key in quotes"
                )
            if not is_one_line(name):
                raise InputError(
                    f"{origins.at(*path, name)}: {key}: {name!a} contains a control character or "
                    "line break"
                )
            check_values(value, origins, (*path, name))
    elif isinstance(node, list):
        for place, value in enumerate(node):
            check_values(value, origins, (*path, place))
    elif isinstance(node, str) and not is_one_line(node):
        raise InputError(
            f"{origins.at(*path)}: {key}: {node!a} contains a control character or line break"
        )
    elif isinstance(node, float) and not math.isfinite(node):
        raise InputError(f"{origins.at(*path)}: {key}: {node} is not a finite number")
