"""Common base of the formats of predictions: a file is opened, written in parts, and finished."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from bioseqrnn.inference.records import Predicted
from bioseqrnn.tasks import Task


@dataclass(frozen=True)
class Coding:
    """The class of coding bases, of which genes are made.

    Attributes
    ----------
    name : str
        The class on the strand +; its opposite is that on the strand -.
    genetic_code : int
        Number of NCBI.
    """

    name: str
    genetic_code: int


@dataclass(frozen=True)
class Content:
    """Content of a file.

    Attributes
    ----------
    task : Task
    classes : list of str
    schema : pyarrow Schema
        Columns of the rows.
    opposite : mapping
        By class, the one in its place on the other strand; empty if strands have no classes.
    coding : Coding or None
        Whether runs of coding bases become genes, and how.
    """

    task: Task
    classes: list[str]
    schema: pa.Schema
    opposite: Mapping[str, str] = field(default_factory=dict)
    coding: Coding | None = None


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
