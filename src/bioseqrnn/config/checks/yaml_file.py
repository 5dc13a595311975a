"""Checks of configuration files before Snakemake reads them.

A file is refused if it is not YAML, if YAML would read a value as something other than it looks, or
if reading it would never end.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import yaml

from bioseqrnn.support.errors import InputError

# far larger than any configuration: ten thousand datasets take a tenth of it
LARGEST_FILE = 10_000_000
DEEPEST = 50
MOST_VALUES = 500_000

# a safe loader, in C if there is one
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
RESOLVER: Any = yaml.resolver.Resolver()
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
TAG = "tag:yaml.org,2002:"


def check_yaml(path: str | Path) -> dict[str, Any]:
    """Return the settings of a configuration file.

    Raises
    ------
    InputError
        It is not a valid configuration; the message names the line if possible.
    """
    text = _read_text(path)
    found = CONTROL.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise InputError(f"{path}: line {line}: contains the control character {found[0]!a}")
    try:
        values = _json_values(path, text)
        if values is None:
            YamlCheck(path).run(text)
            values = yaml.load(text, Loader=LOADER)  # nosec B506
    except RecursionError as error:
        raise InputError(f"{path}: sections are nested too deeply") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}: " if mark else ""
        problem = error.problem or error.context
        if mark and text.split("\n")[mark.line].startswith("\t"):
            problem = "a tab at the start of a line; YAML allows only spaces"
        raise InputError(f"{path}: {place}not valid YAML ({problem})") from error
    except (yaml.YAMLError, ValueError) as error:
        problem = " ".join(str(error).split())[:200]
        raise InputError(f"{path}: not valid YAML ({problem})") from error
    if not isinstance(values, dict):
        raise InputError(f"{path}: contains no settings; write each as a line 'key: value'")
    if "__use_yte__" in values:
        raise InputError(
            f"{path}: __use_yte__: templates are not accepted, because they run code; write the "
            "values"
        )
    return values


def _read_text(path: str | Path) -> str:
    """Return the text of a file."""
    try:
        if not Path(path).is_file():
            raise InputError(f"{path}: is not a file")
        if Path(path).stat().st_size > LARGEST_FILE:
            size = LARGEST_FILE // 10**6
            raise InputError(f"{path}: is larger than {size} MB; is it a configuration?")
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text; save it as UTF-8") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error


def _json_values(path: str | Path, text: str) -> Any:
    """Return the content of a JSON file; None for any other."""

    def section(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InputError(
                f"{path}: '{twice}' appears twice in one section; rename or remove one"
            )
        return dict(pairs)

    def no_number(name: str) -> NoReturn:
        raise InputError(f"{path}: {name} is not a finite number")

    try:
        return json.loads(text, object_pairs_hook=section, parse_constant=no_number)
    except ValueError:
        return None


class _Frame:
    """An open list or section during the walk.

    Attributes
    ----------
    anchor : str or None
    size : int
        Number of its values, including those that aliases stand for.
    keys : dict of str to int, or None
        The keys of a section with their lines; None for a list.
    key_is_next : bool
    """

    def __init__(self, anchor: str | None, keys: dict[str, int] | None) -> None:
        self.anchor, self.keys = anchor, keys
        self.size = 1
        self.key_is_next = True


class YamlCheck:
    """Check of a YAML file in one walk over its events, which takes no longer than reading it."""

    def __init__(self, path: str | Path) -> None:
        self.path = path
        self.frames: list[_Frame] = []
        self.anchors: dict[str, int | None] = {}
        self.line = 1

    def run(self, text: str) -> None:
        """Check a whole text; InputError names the line of the first fault."""
        documents = 0
        events: Iterator[Any] = yaml.parse(text, Loader=LOADER)
        for event in events:
            self.line = event.start_mark.line + 1
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse("a second document begins with '---'; a file may contain only one")
            elif isinstance(event, yaml.CollectionStartEvent):
                self._begin(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                frame = self.frames.pop()
                self._count(frame.size, frame.anchor)
            elif isinstance(event, yaml.AliasEvent):
                self._count(self._size_of(event.anchor))
            elif isinstance(event, yaml.ScalarEvent):
                self._check_key(event)
                self._check_scalar(event)
                self._count(1, event.anchor)

    def _refuse(self, problem: str) -> NoReturn:
        raise InputError(f"{self.path}: line {self.line}: {problem}")

    def _begin(self, event: Any) -> None:
        self._check_tag(event)
        if len(self.frames) == DEEPEST:
            self._refuse("sections are nested too deeply")
        if event.anchor:
            self.anchors[event.anchor] = None
        keys: dict[str, int] | None = {} if isinstance(event, yaml.MappingStartEvent) else None
        self.frames.append(_Frame(event.anchor, keys))

    def _count(self, size: int, anchor: str | None = None) -> None:
        """Count a value in the section that contains it."""
        if anchor:
            self.anchors[anchor] = size
        if self.frames:
            frame = self.frames[-1]
            frame.size += size
            frame.key_is_next = not frame.key_is_next
            if frame.size > MOST_VALUES:
                self._refuse(f"more than {MOST_VALUES} values, including the values of its aliases")

    def _size_of(self, anchor: Any) -> int:
        if anchor not in self.anchors:
            self._refuse(f"'*{anchor}' is not defined: there is no '&{anchor}' before it")
        size = self.anchors[anchor]
        if size is None:
            self._refuse(f"'*{anchor}' refers to a section that contains it")
        return size

    def _check_key(self, event: Any) -> None:
        """Refuse a second key of the same name: YAML would silently keep the last one."""
        frame = self.frames[-1] if self.frames else None
        if frame is None or frame.keys is None or not frame.key_is_next:
            return
        if event.value in frame.keys:
            self._refuse(
                f"'{event.value}' appears twice in one section, first in line "
                f"{frame.keys[event.value]}; rename or remove one"
            )
        frame.keys[event.value] = self.line

    def _check_tag(self, event: Any) -> None:
        tag = event.tag
        if tag is not None and tag.removeprefix(TAG) not in ("map", "seq", "str", "!"):
            self._refuse(
                f"the tag '{tag.removeprefix(TAG)}' is not accepted; write the value without it"
            )

    def _check_scalar(self, event: Any) -> None:
        """Refuse an unquoted value that YAML 1.1 reads in a way that users today do not expect."""
        text = event.value
        if not event.implicit[0]:
            self._check_tag(event)
            return
        kind = RESOLVER.resolve(yaml.ScalarNode, text, (True, False)).removeprefix(TAG)
        if kind == "timestamp":
            self._refuse(f"{text} is read as a date; put it in quotes")
        if kind in ("int", "float") and ":" in text:
            self._refuse(f"{text} is read as a number in base 60; put it in quotes")
        if kind == "int" and re.match(r"[-+]?0[0-7_]", text):
            self._refuse(
                f"{text} is read as an octal number; remove the leading 0, or put it in quotes"
            )
        if kind == "int" and len(text) > 100:
            self._refuse(f"a number with {len(text)} digits is too long")
        if kind == "float" and not math.isfinite(float(yaml.safe_load(text))):
            self._refuse(f"{text} is not a finite number")
