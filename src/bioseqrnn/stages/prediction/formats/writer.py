"""What every format of predictions is: a file that is opened, written in parts, and finished."""

from __future__ import annotations

import gzip
import io
from abc import ABC, abstractmethod
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from bioseqrnn.inference.records import Predicted
from bioseqrnn.tasks import Task


@dataclass(frozen=True)
class Content:
    """What a file holds.

    Attributes
    ----------
    task : Task
    classes : list of str
    schema : pyarrow Schema
        Columns of the rows.
    """

    task: Task
    classes: list[str]
    schema: pa.Schema


class Writer(ABC):
    """Writes one file.

    Parameters
    ----------
    path : Path
        Where to write; a temporary name.
    content : Content
    files : ExitStack
        Closes what is opened, also after an error.
    """

    @abstractmethod
    def __init__(self, path: Path, content: Content, files: ExitStack) -> None: ...

    @staticmethod
    def suits(task: Task) -> bool:  # noqa: ARG004
        """Whether there is such a file of a task."""
        return True

    @abstractmethod
    def write(self, rows: pa.Table, part: Predicted) -> None:
        """Write some records, or a stretch of one.

        Parameters
        ----------
        rows : pyarrow Table
            A row for each, with the columns of the content's schema.
        part : Predicted
            The scores that they were made from.
        """

    def finish(self, metadata: dict[str, Any]) -> None:  # noqa: B027
        """Write what is left, and the metadata where the format has room for it."""


def gzip_text(path: Path, files: ExitStack) -> io.TextIOWrapper:
    """Open gzip text whose bytes depend on its content only (no name, no time in the header)."""
    raw = files.enter_context(path.open("wb"))
    zipped = files.enter_context(gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0))
    return files.enter_context(io.TextIOWrapper(zipped, encoding="utf-8", newline="\n"))
