"""The source files that a module depends on, found by following its imports.

Machine code of kernels, checkpoints and searches are valid for the code that made them only. A list
of files would be wrong as soon as code moves to another file; imports cannot be forgotten.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def module_file(name: str) -> Path:
    """Return the source file of a module of this package, such as ``bioseqrnn.fitting.loop``."""
    found = _file_of(name, PACKAGE)
    if found is None:
        raise ModuleNotFoundError(f"{name}: no module of {PACKAGE.name}")
    return found


def digest_of(*files: Path) -> str:
    """Return the SHA-256 of files and all that they import, directly or not: 64 hexadecimal digits.

    Followed are imports of this package and of modules that lie beside the importing file, also
    those inside functions. Names of files count relative to the package, so that two installations
    of the same code have the same digest.
    """
    digest = hashlib.sha256()
    for name, file in sorted((_name_of(file), file) for file in sources_of(*files)):
        content = file.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _name_of(file: Path) -> str:
    """The name of a file relative to the package; of a file outside of it, its last part."""
    return file.relative_to(PACKAGE).as_posix() if file.is_relative_to(PACKAGE) else file.name


def sources_of(*files: Path) -> set[Path]:
    """Return files, and every source file that they import, directly or not."""
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
    """The source files that one file names in its imports, and those of the packages it is in."""
    above = [folder / "__init__.py" for folder in file.parents if folder.is_relative_to(PACKAGE)]
    return *above, *(
        path
        for name in _imported_names(ast.parse(file.read_bytes(), str(file)))
        if (path := _file_of(name, file.parent)) is not None
    )


def _imported_names(tree: ast.Module) -> Iterator[str]:
    """Names of modules, with those of the packages above them, and of what is taken from them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"line {node.lineno}: relative imports are not followed")
            modules = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for module in modules:
            parts = module.split(".")
            yield from (".".join(parts[: end + 1]) for end in range(len(parts)))


def _file_of(name: str, beside: Path) -> Path | None:
    """The file of a module of this package, or of one in the folder ``beside``; else None."""
    root = PACKAGE.parent if name.split(".", 1)[0] == PACKAGE.name else beside
    path = root.joinpath(*name.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file
    return None
