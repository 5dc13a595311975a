"""Checks of the sheets of a run: the files in each row exist, and rows fit together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from bioseqrnn.config.checks.columns import Columns
from bioseqrnn.config.checks.files import (
    InStorage,
    check_file,
    find_fasta,
    find_in_storage,
    unexpanded,
)
from bioseqrnn.config.checks.labels import Named, check_files_of, check_label_kind, check_split
from bioseqrnn.config.checks.schema_errors import first_problem, schema_problem
from bioseqrnn.config.checks.settings import Origins
from bioseqrnn.config.checks.tables import open_text, sheet_rows
from bioseqrnn.config.checks.text import is_one_line, suggestion
from bioseqrnn.support.errors import InputError

Rows = list[dict[str, Any]]


def read_sheet(path: str, schema: Any) -> list[tuple[str, dict[str, Any]]]:
    """Return the rows of a sheet as (file and line, {column: text}); blank cells are left out.

    Parameters
    ----------
    path : str
    schema : validator
        Validator of one row; its properties are the columns.

    Raises
    ------
    InputError
        The file does not exist or is not such a table, or the schema does not allow a row.
    """
    if not Path(path).is_file():
        hint = unexpanded(path) or "; 'config/README.md' describes its columns"
        what = "is not a file" if Path(path).exists() else "no such file"
        raise InputError(f"{path}: {what}{hint}")
    required = tuple(schema.schema["required"])
    optional = tuple(name for name in schema.schema["properties"] if name not in required)
    rows = []
    with open_text(path) as lines:
        for line, cells in sheet_rows(path, lines, Columns(required, optional)):
            where = f"{path}: line {line}"
            for name in required:
                if name not in cells:
                    raise InputError(f"{where}: '{name}' is empty")
            for name, cell in cells.items():
                if not is_one_line(cell):
                    raise InputError(f"{where}: {name}: {cell!a} contains a control character")
            error = first_problem(cells, schema)
            if error:
                raise InputError(f"{where}: {schema_problem(error)}")
            rows.append((where, cells))
    return rows


def read_datasets(
    path: str, schema: Any, options: Mapping[str, Any], in_storage: InStorage
) -> dict[str, Rows]:
    """Return {dataset: rows} of the datasets sheet; each row names its files as a list ``files``.

    Parameters
    ----------
    path : str
    schema : validator
        Validator of a row.
    options : mapping
        The setting ``dataset_options``.
    in_storage : callable
        Function that tells whether a path is in remote storage.

    Raises
    ------
    InputError
        As in ``read_sheet``; also if a file is missing or occurs twice in a dataset, a row has no
        kind of label or two, or a split is incomplete.
    """
    datasets: dict[str, Rows] = {}
    files: dict[str, list[Named]] = {}
    for where, row in read_sheet(path, schema):
        dataset = row["dataset"]
        find = find_in_storage if in_storage(row["fasta"]) else find_fasta
        row["files"] = find(where, row["fasta"])
        named = [Named(where, name, row.keys(), row.get("split")) for name in row["files"]]
        task = options.get(dataset, {}).get("task")
        check_label_kind(named[0], task == "per_position")
        for name in (*row["files"], *(row[key] for key in ("labels", "intervals") if key in row)):
            check_file(where, name, in_storage)
        datasets.setdefault(dataset, []).append(row)
        files.setdefault(dataset, []).extend(named)
    if not datasets:
        raise InputError(f"{path}: contains no dataset")
    for dataset, named in files.items():
        check_files_of(f"'{dataset}'", named)
        check_split(f"{path}: '{dataset}'", named)
    return datasets


def read_queries(
    path: str | None,
    schema: Any,
    datasets: Collection[str],
    origins: Origins,
    in_storage: InStorage,
) -> dict[str, dict[str, str]]:
    """Return {dataset: {query: FASTA}} of the queries sheet; empty if there is no sheet."""
    found: dict[str, dict[str, str]] = {}
    if path is None:
        return found
    for where, row in read_sheet(path, schema):
        if row["dataset"] not in datasets:
            source = origins.at("queries")
            added = f"; 'queries' is set in {source}" if "--configfile" in source else ""
            raise InputError(
                f"{where}: unknown dataset '{row['dataset']}'; "
                f"{suggestion(row['dataset'], datasets)}{added}"
            )
        check_file(where, row["fasta"], in_storage)
        queries = found.setdefault(row["dataset"], {})
        if row["query"] in queries:
            raise InputError(
                f"{where}: query '{row['query']}' appears twice for '{row['dataset']}'"
            )
        queries[row["query"]] = row["fasta"]
    return found
