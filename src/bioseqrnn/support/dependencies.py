"""The source files that a module depends on, found by following its imports.

Machine code of kernels, checkpoints and searches are valid only for the code that made them. A list
of files would be wrong as soon as code moves to another file; imports are always complete.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
# An import at the beginning of a statement: ``from MODULE import NAMES`` or ``import MODULES``.
# The parser of Python takes much longer. A match in a docstring names no module.
IMPORT = re.compile(
    rb"(?:^|[;:])[ \t]*(?:from[ \t]+(?P<dots>\.*)(?P<module>[\w.]*)[ \t]+import[ \t]*"
    rb"(?P<names>\([^)]*\)|[^\n;]*)|import[ \t]+(?P<modules>[^\n;]*))",
    re.MULTILINE,
)
# what stands between two names: a comment, ``as other``, brackets, commas
BETWEEN = re.compile(rb"#[^\n]*|\bas[ \t]+\w+|[(),\s]+")


def module_file(name: str) -> Path:
    """Return the source file of a module of this package, such as ``bioseqrnn.fitting.loop``."""
    found = _module_at(PACKAGE.parent.joinpath(*name.split(".")))
    if found is None:
        raise ModuleNotFoundError(f"{name}: not a module of {PACKAGE.name}")
    return found


def digest_of(*files: Path) -> str:
    """Return the SHA-256 of files and all that they import, directly or not: 64 hexadecimal digits.

    Imports of this package, and of modules next to the importing file, are followed, also imports
    inside functions. File names are taken relative to the package, so that two installations of the
    same code have the same digest.
    """
    digest = hashlib.sha256()
    for name, file in sorted((_name_of(file), file) for file in sources_of(*files)):
        content = file.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _name_of(file: Path) -> str:
    """The name of a file relative to the package; for a file outside of it, the file name only."""
    return file.relative_to(PACKAGE).as_posix() if file.is_relative_to(PACKAGE) else file.name


def sources_of(*files: Path) -> set[Path]:
    """Return files and all source files that they import, directly or not."""
    found: set[Path] = set()
    waiting = list(files)
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += _imported_by(file)
    return found


@cache
def _imported_by(file: Path) -> tuple[Path, ...]:
    """The source files that a file imports, and the ``__init__.py`` of each package it is in."""
    found = [folder / "__init__.py" for folder in file.parents if folder.is_relative_to(PACKAGE)]
    for name, level in _imported_names(file.read_bytes()):
        inside = level == 0 and name[0] == PACKAGE.name
        # next to the file; for a relative import, this folder or one above it
        root = PACKAGE.parent if inside else file.parents[max(0, level - 1)]
        for end in range(1, len(name) + 1):
            path = _module_at(root.joinpath(*name[:end]))
            found += [] if path is None else [path]
    return tuple(found)


def _imported_names(source: bytes) -> Iterator[tuple[list[str], int]]:
    """Yield the parts of each imported name (a module, or a name in one) and the import's level."""
    for found in IMPORT.finditer(source.replace(b"\\\n", b"")):
        module = [part.decode() for part in (found["module"] or b"").split(b".") if part]
        for name in BETWEEN.sub(b" ", found["modules"] or found["names"] or b"").split():
            yield [*module, *name.decode().split(".")], len(found["dots"] or b"")


@cache
def _module_at(path: Path) -> Path | None:
    """The file of a module or package, given its path without a suffix; None if there is none."""
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file
    return None
