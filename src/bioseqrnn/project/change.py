"""A request for a project that exists: it is the same, adds queries, or is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bioseqrnn.config.checks.columns import Columns, header_cells
from bioseqrnn.config.checks.settings import CONFIG_FILE
from bioseqrnn.config.checks.tables import open_text, sheet_rows
from bioseqrnn.config.checks.text import suggestion
from bioseqrnn.config.checks.yaml_file import check_yaml
from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.config.settings import Config
from bioseqrnn.config.sheets import DatasetRow, QueryRow
from bioseqrnn.project.paths import in_sheet, of_sheet, to_show
from bioseqrnn.project.request import Request, free_name
from bioseqrnn.project.texts import QUERIES_HEADER
from bioseqrnn.support.atomic import atomic_path
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError

Row = dict[str, str]


class Project:
    """The configuration and sheets of a folder.

    Parameters
    ----------
    folder : Path

    Attributes
    ----------
    settings : dict
        ``config/config.yaml`` as it stands there.

    Raises
    ------
    InputError
        The configuration is no YAML.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings: dict[str, Any] = check_yaml(folder / CONFIG_FILE)

    def setting(self, name: str) -> Any:
        """Return a setting, or its default."""
        return self.settings.get(name, Config.model_fields[name].get_default())

    def file_of(self, name: str) -> Path:
        """Return the path of a sheet or folder that a setting names."""
        return self.folder / str(self.setting(name))

    def rows(self, name: str) -> Iterator[Row]:
        """Yield the rows of the sheet ``datasets`` or ``queries``; none if there is no sheet."""
        path = self.file_of(name)
        if self.setting(name) is None or not path.is_file():
            return
        kind: type[BaseModel] = DatasetRow if name == "datasets" else QueryRow
        required = [key for key, field in kind.model_fields.items() if field.is_required()]
        others = [key for key in kind.model_fields if key not in required]
        with open_text(path) as lines:
            for _, row in sheet_rows(path, lines, Columns(tuple(required), tuple(others))):
                yield {key: row.get(key, "") for key in kind.model_fields if key in row}

    def datasets(self) -> list[str]:
        """Return the names of the datasets, in the order of the sheet."""
        return list(dict.fromkeys(row["dataset"] for row in self.rows("datasets")))


def take_up(folder: Path, request: Request, *, name: str | None = None) -> None:
    """Compare a request with the project in a folder, and add the queries that are new.

    Parameters
    ----------
    folder : Path
    request : Request
    name : str, optional
        The dataset, if it is named.

    Raises
    ------
    InputError
        The request has other classes, files or options than the project, or its queries could
        belong to several datasets. Nothing is changed.
    """
    project = Project(folder)
    if not (request.classes or request.queries or request.options or name):
        return
    dataset = _dataset(project, name)
    if request.classes:
        _check_classes(project, dataset, request)
    _check_options(project, dataset, request.options)
    _add_queries(project, dataset, request.queries)


def _dataset(project: Project, name: str | None) -> str:
    known = project.datasets()
    sheet = to_show(project.file_of("datasets"))
    if name is not None:
        if name not in known:
            raise InputError(
                f"--name {name}: no such dataset in {sheet}; {suggestion(name, known)}"
            )
        return name
    if len(known) != 1:
        what = (
            f"has {len(known)} datasets; say with --name which is meant"
            if known
            else ("has no dataset; list the FASTA files there")
        )
        raise InputError(f"{sheet}: {what}")
    return known[0]


def _check_classes(project: Project, dataset: str, request: Request) -> None:
    """Refuse classes or files that are not those of the sheet."""
    there = {
        (row.get("label", ""), of_sheet(row["fasta"], project.folder))
        for row in project.rows("datasets")
        if row["dataset"] == dataset
    }
    asked = {
        (label, Path(path).resolve()) for label, paths in request.classes.items() for path in paths
    }
    if there == asked:
        return
    more, less = sorted(asked - there), sorted(there - asked)
    label, path = (more or less)[0]
    has = (
        f"does not have '{path}' as class '{label}'"
        if more
        else (f"has '{path}' as class '{label}', which is not given now")
    )
    raise InputError(
        f"{to_show(project.file_of('datasets'))}: {has}; give another --output, or edit this "
        "sheet and leave out --class"
    )


def _check_options(project: Project, dataset: str, options: Mapping[str, str]) -> None:
    there = (project.settings.get("dataset_options") or {}).get(dataset) or {}
    for key, value in options.items():
        known = there.get(key, DatasetOptions.model_fields[key].get_default())
        if known != value:
            raise InputError(
                f"{to_show(project.folder / CONFIG_FILE)}: dataset_options.{dataset}.{key} is "
                f"{known}, not {value}; edit it there and leave out --{key}"
            )


def _add_queries(project: Project, dataset: str, queries: Mapping[str, str]) -> None:
    """Append the files that the sheet of queries does not have yet."""
    if not queries:
        return
    if project.setting("queries") is None:
        raise InputError(
            f"{to_show(project.folder / CONFIG_FILE)}: queries is null; write queries: "
            "config/queries.tsv there, to use --predict"
        )
    path = project.file_of("queries")
    rows = [row for row in project.rows("queries") if row["dataset"] == dataset]
    there = {of_sheet(row["fasta"], project.folder) for row in rows}
    names = {row["query"] for row in rows}
    text = path.read_bytes().decode("utf-8") if path.exists() else QUERIES_HEADER
    columns = _header(text)
    added = []
    for query, file in queries.items():
        if Path(file).resolve() in there:
            continue
        name = free_name(query, names)
        names.add(name)
        row = {"query": name, "dataset": dataset, "fasta": in_sheet(file, project.folder)}
        text += "" if text.endswith("\n") else "\n"
        text += "\t".join(row.get(column, "") for column in columns) + "\n"
        added.append(name)
    if added:
        with atomic_path(path) as temporary:
            temporary.write_bytes(text.encode("utf-8"))
        say(f"{to_show(path)}: added {', '.join(added)}")


def _header(text: str) -> list[str]:
    """Return the columns of a sheet of queries."""
    columns = Columns(tuple(QueryRow.model_fields))
    for line in text.removeprefix("\ufeff").splitlines():
        if cells := header_cells(line.split("\t"), columns):
            return cells
    return list(QueryRow.model_fields)
