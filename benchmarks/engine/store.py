"""Results as TSV, appended row by row, so that a run can be stopped and taken up again."""

from __future__ import annotations

import csv
from pathlib import Path

Value = str | int | float
Row = dict[str, Value]


def _value(text: str) -> Value:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def read(path: Path) -> list[Row]:
    """Rows written so far; none where there is no file."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as handle:
        rows = csv.DictReader(handle, delimiter="\t")
        return [{key: _value(text) for key, text in row.items()} for row in rows]


def append(path: Path, row: Row) -> None:
    """Add one row; its columns must be those of the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(row), delimiter="\t", lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)


def missing(cases: list[Row], rows: list[Row]) -> list[Row]:
    """Cases (their keys and values) that no row has."""
    return [case for case in cases if not any(case.items() <= row.items() for row in rows)]


def of_cases(cases: list[Row], rows: list[Row]) -> list[Row]:
    """Rows of these cases, in the order of the cases."""
    return [row for case in cases for row in rows if case.items() <= row.items()]
