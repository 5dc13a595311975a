"""Writes the tables of docs/formats.md from the declarations.

Run as ``python -m bioseqrnn.tables.document`` (``make schemas``) in the repository.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill

from bioseqrnn.support.io import write_text
from bioseqrnn.tables.declared import ALL, Column, Table
from bioseqrnn.tables.declared.table import COUNT

BEGIN, END = "<!-- generated: {} -->", "<!-- end -->"
# columns of a line of text
WIDTH = 120


def filled(text: str, blocks: Mapping[str, str]) -> str:
    """Replace the text between the markers of every block.

    Raises
    ------
    ValueError
        A block has no markers in the text, or has them twice, or the text has an unknown block.
    """
    places = re.findall(re.escape(BEGIN).replace(r"\{\}", "(.+?)"), text)
    wrong = set(places) ^ set(blocks)
    if wrong or len(set(places)) < len(places):
        raise ValueError(
            f"there must be exactly one place for {', '.join(sorted(wrong)) or 'a block'}"
        )
    for name, block in blocks.items():
        before, rest = text.split(BEGIN.format(name))
        after = rest[rest.index(END) :]
        text = f"{before}{BEGIN.format(name)}\n{block}\n{after}"
    return text


def markdown(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    lines = [f"| {' | '.join(cells)} |" for cells in (heads, *rows)]
    return "\n".join([lines[0], f"|{'---|' * len(heads)}", *lines[1:]])


def table_text(table: Table) -> str:
    """Describe a file: its meaning, the commands that use it, its columns and its metadata."""
    readers = f", read by {_commands(table.readers)}" if table.readers else ""
    text = f"{table.meaning} Written by {_commands((table.writer,))}{readers}."
    if table.format is not None and not table.metadata:
        text += f" Format {table.format}."
    head = "key" if table.path.endswith(".json") else "column"
    parts = [
        fill(text, WIDTH, break_long_words=False, break_on_hyphens=False),
        markdown((head, "type", "meaning"), _rows(table.columns)),
    ]
    if table.metadata:
        version = (Column("format", COUNT, str(table.format)),)
        parts.append(markdown(("metadata", "type", "meaning"), _rows(version + table.metadata)))
    return "\n\n".join(parts)


def _rows(columns: tuple[Column, ...]) -> list[tuple[str, ...]]:
    return [(f"`{column.name}`", column.kind, column.meaning) for column in columns]


def _commands(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for names_ in names for name in names_.split(", "))


def formats_text(text: str) -> str:
    """Return the text of docs/formats.md with its tables as declared."""
    return filled(text, {table.path: table_text(table) for table in ALL})


if __name__ == "__main__":
    page = Path.cwd() / "docs" / "formats.md"
    write_text(page, formats_text(page.read_text(encoding="utf-8")))
    sys.stdout.write(f"wrote {page}\n")
