"""What a user asks for on the command line: classes with their FASTA files, queries, options."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bioseqrnn.config.checks.files import (
    COMPRESSED_ENDINGS,
    FASTA_ENDINGS,
    check_file,
    check_path,
    find_fasta,
)
from bioseqrnn.config.checks.text import is_one_line, suggestion
from bioseqrnn.config.values import NAME
from bioseqrnn.project.paths import whole
from bioseqrnn.support.errors import InputError

# (device, inode): the same for all names of one file
FileKey = tuple[int, int]


@dataclass(frozen=True)
class Request:
    """A project as it is asked for.

    Attributes
    ----------
    name : str
        Name of the dataset.
    classes : dict of str to list of str
        By class: FASTA files, folders or globs, as absolute paths. Empty: none are given.
    queries : dict of str to str
        By name: FASTA file to predict, as absolute path.
    options : dict of str to str
        The ``dataset_options`` that are given.
    """

    name: str
    classes: Mapping[str, list[str]] = field(default_factory=dict)
    queries: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)


def read_request(
    folder: Path,
    classes: Iterable[str] = (),
    queries: Iterable[str] = (),
    *,
    name: str | None = None,
    options: Mapping[str, str | None] | None = None,
) -> Request:
    """Check what is asked for; nothing is written.

    Parameters
    ----------
    folder : Path
        Folder of the project, whose name is that of the dataset if ``name`` is not given.
    classes : iterable of str
        ``CLASS=FILE`` for each file; the file may also be a folder or a glob.
    queries : iterable of str
        FASTA files to predict, folders or globs.
    name : str, optional
        Name of the dataset.
    options : mapping of str to str or None, optional
        Options of the dataset; None: not given.

    Raises
    ------
    InputError
        A file does not exist, has a name that cannot stand in a sheet, or is given twice; there is
        only one class; a name is not allowed.
    """
    if name is not None and not re.fullmatch(NAME, name):
        raise InputError(
            f"--name {name}: may contain only letters, digits, '_', '-' and '.', and begins with "
            "a letter or digit"
        )
    files = _files_of_classes(classes)
    given = {key: value for key, value in (options or {}).items() if value is not None}
    if len(files) == 1:
        raise InputError(
            f"--class {next(iter(files))}: is the only class; a classifier needs two or more, so "
            "give --class NAME FILE again (docs/labels.md: made negatives, other ways to give "
            "labels)"
        )
    if files and (positive := given.get("positive")) not in (None, *files):
        raise InputError(f"--positive {positive}: no such class; {suggestion(positive, files)}")
    return Request(
        name or safe_name(folder.resolve().name, "dataset"), files, _named(queries), given
    )


def safe_name(text: str, otherwise: str) -> str:
    """Return a text as the name of a dataset or query: ``Müller 1`` becomes ``Muller_1``."""
    text = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in text if not unicodedata.combining(letter))
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", plain).strip("_.-") or otherwise


def _files_of_classes(given: Iterable[str]) -> dict[str, list[str]]:
    classes: dict[str, list[str]] = {}
    seen: dict[FileKey, tuple[str, str]] = {}
    for text in given:
        label, _, path = text.partition("=")
        label = _checked_class(label.strip())
        where = f"--class {label}"
        _check_given(where, path)
        for file in find_fasta(where, path):
            _check_readable(where, file)
            key = _key(file)
            if key in seen:
                other, first = seen[key]
                what = "the same file" if first != file else "given twice"
                raise InputError(
                    f"{where}: '{file}' is {what if first == file else f'{what} as {first!r}'}"
                    f"{'' if other == label else f' (class {other})'}; give each file once"
                )
            seen[key] = label, file
        classes.setdefault(label, []).append(whole(path))
    return classes


def _checked_class(label: str) -> str:
    if not label:
        raise InputError("--class: the name of a class is empty; write --class NAME FILE")
    if not is_one_line(label):
        raise InputError(f"--class {label!a}: contains a control character or line break")
    return label


def _named(given: Iterable[str]) -> dict[str, str]:
    """Return the queries by names, which are made from the names of the files."""
    queries: dict[str, str] = {}
    seen: set[FileKey] = set()
    for path in given:
        _check_given("--predict", path)
        for file in find_fasta("--predict", path):
            _check_readable("--predict", file)
            if _key(file) not in seen:
                seen.add(_key(file))
                queries[free_name(query_name(file), queries)] = whole(file)
    return queries


def query_name(file: str) -> str:
    """Return the name of a query: that of its file, without the endings of FASTA."""
    name = Path(file).name
    for endings in (COMPRESSED_ENDINGS, FASTA_ENDINGS):
        for ending in endings:
            if name.lower().endswith(ending):
                name = name[: -len(ending)]
                break
    return safe_name(name, "query")


def free_name(name: str, taken: Iterable[str]) -> str:
    """Return the name, or with ``_2``, ``_3`` … the first that is not taken."""
    names, number, free = set(taken), 1, name
    while free in names:
        number += 1
        free = f"{name}_{number}"
    return free


def _check_given(where: str, path: str) -> None:
    """Refuse a path that cannot stand in a sheet, before it is looked for."""
    if not path:
        raise InputError(f"{where}: the name of a file is empty")
    check_path(where, whole(path))
    if path != path.rstrip():
        raise InputError(
            f"{where}: '{path}' ends with a space, which a sheet does not keep; rename it"
        )


def _check_readable(where: str, file: str) -> None:
    check_path(where, whole(file))
    check_file(where, file if not file.startswith("-") else f"./{file}", lambda _path: False)
    if not os.access(file, os.R_OK):
        raise InputError(f"{where}: '{file}' cannot be read; check its permissions")


def _key(file: str) -> FileKey:
    found = Path(file).stat()
    return found.st_dev, found.st_ino
