"""Common base of the formats of predictions: a file is opened, written in parts, and finished."""

from __future__ import annotations

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
    """Content of a file.

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
        File to write; a temporary name.
    content : Content
    files : ExitStack
        Closes the opened files, also after an error.

    Attributes
    ----------
    beside : bool
        Whether the command writes the file beside a Parquet file, too.
    """

    beside = True

    @abstractmethod
    def __init__(self, path: Path, content: Content, files: ExitStack) -> None: ...

    @staticmethod
    def suits(task: Task) -> bool:  # noqa: ARG004
        """Whether the format exists for a task."""
        return True

    @abstractmethod
    def write(self, rows: pa.Table, part: Predicted) -> None:
        """Write some records, or a part of one record.

        Parameters
        ----------
        rows : pyarrow Table
            One row each, with the columns of the content's schema; a record that was refused has
            no scores.
        part : Predicted
            The scores that the rows were made from.
        """

    def finish(self, metadata: dict[str, Any]) -> None:  # noqa: B027
        """Write the rest, and the metadata if the format can store them; the file is complete."""
