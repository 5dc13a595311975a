"""Declaration of a file: its name, its columns, and the commands that write and read it.

Declarations import pandas and Arrow only when a table is read or written, so that the command line
can name files without them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import require_file, write_tsv

if TYPE_CHECKING:
    import pandas as pd

TEXT, NUMBER, COUNT, TRUTH = "text", "number", "whole number", "True or False"
CATEGORY, BYTES, LABEL, OBJECT, LIST = "category", "bytes", "by task", "object", "list"
# rows that are in memory at once if only some are kept
ROWS = 100_000
# placeholder in a name, for a class, a fold and so on
PLACE = re.compile(r"\{\w+\}")


@dataclass(frozen=True)
class Column:
    """One column of a table, or one key of a JSON object.

    Attributes
    ----------
    name : str
        With a placeholder such as ``{class}`` in it, there is one column for each class.
    kind : str
    meaning : str
        Description in docs/formats.md.
    optional : bool
        Whether some files have no such column.
    dtype : str
        Type in pandas, if it must not be guessed from the values.
    """

    name: str
    kind: str
    meaning: str
    optional: bool = False
    dtype: str = ""

    @property
    def several(self) -> bool:
        """Whether this stands for any number of columns."""
        return PLACE.search(self.name) is not None

    def fits(self, name: str) -> bool:
        """Whether this declares a column of that name."""
        parts = (re.escape(part) for part in PLACE.split(self.name))
        return re.fullmatch(".+".join(parts), name, re.DOTALL) is not None


@dataclass(frozen=True)
class Table:
    """A file that passes between stages.

    Attributes
    ----------
    name : str
        Short name; for tables of the report, the name of the file in ``report/tables``.
    path : str
        Path within the results of a dataset.
    meaning : str
        Meaning of a row.
    writer : str
        The command that writes it.
    readers : tuple of str
        The commands that read it.
    columns : tuple of Column
    format : int, optional
        Version in the file's metadata.
    in_report : bool
        Whether the report writes it to ``report/tables``.
    metadata : tuple of Column
        Keys of the JSON in the file's metadata, in addition to ``format``.
    """

    name: str
    path: str
    meaning: str
    writer: str
    readers: tuple[str, ...]
    columns: tuple[Column, ...]
    format: int | None = None
    in_report: bool = False
    metadata: tuple[Column, ...] = ()

    @property
    def file(self) -> str:
        """Name of the file, without folders."""
        return Path(self.path).name

    @property
    def names(self) -> list[str]:
        """Names of the columns that every such file has, in order."""
        return [c.name for c in self.columns if not (c.optional or c.several)]

    def missing(self, names: Iterable[str]) -> list[str]:
        """Return the names of required columns that are missing from ``names``."""
        there = set(names)
        return [name for name in self.names if name not in there]

    def undeclared(self, names: Iterable[str]) -> list[str]:
        """Return those of ``names`` that are not declared."""
        return [name for name in names if not any(c.fits(name) for c in self.columns)]

    def frame(self, rows: Sequence[Any]) -> pd.DataFrame:
        """Make a frame of rows in the order of the columns."""
        import pandas as pd

        return pd.DataFrame(rows, columns=self.names)

    def write(self, path: Path, frame: pd.DataFrame) -> None:
        """Write a TSV.

        Raises
        ------
        ValueError
            The frame's columns differ from the declared ones.
        """
        wrong = [*self.missing(frame.columns), *self.undeclared(map(str, frame.columns))]
        if wrong:
            raise ValueError(f"{path}: columns {', '.join(wrong)} are not as declared")
        write_tsv(path, frame)

    def read(self, path: Path, *, whole: bool = True) -> pd.DataFrame:
        """Read a TSV; text stays text, even a class named 1, 001 or NA.

        Parameters
        ----------
        path : Path
        whole : bool
            Whether every required column must be present.

        Raises
        ------
        InputError
            The file is missing, is not such a table, or lacks a column.
        """
        import pandas as pd

        try:
            frame: pd.DataFrame = pd.read_csv(require_file(path, self.name), **self._options)
        except ValueError as error:
            raise self._foreign(path, error) from error
        if whole:
            self._require(path, frame)
        return frame

    def read_where(self, path: Path, column: str, values: Iterable[str]) -> pd.DataFrame:
        """Read the rows of a TSV that have one of the values in a column; others take no memory.

        Raises
        ------
        InputError
            As ``read``.
        """
        import pandas as pd

        wanted, parts = list(values), []
        try:
            frames = pd.read_csv(require_file(path, self.name), chunksize=ROWS, **self._options)
            with frames:
                for frame in frames:
                    self._require(path, frame)
                    parts.append(frame[frame[column].isin(wanted)])
        # a damaged or incomplete gzip file is an OSError or an EOFError
        except (ValueError, OSError, EOFError) as error:
            raise self._foreign(path, error) from error
        return pd.concat(parts, ignore_index=True)

    @property
    def _options(self) -> dict[str, Any]:
        """How pandas reads such a table."""
        numbers = [c.name for c in self.columns if c.kind in (NUMBER, COUNT)]
        kinds = {c.name: "str" for c in self.columns if c.kind == TEXT}
        return {
            "sep": "\t",
            "keep_default_na": False,
            "na_values": dict.fromkeys(numbers, ""),
            "dtype": kinds | {c.name: c.dtype for c in self.columns if c.dtype},
        }

    def _require(self, path: Path, frame: pd.DataFrame) -> None:
        """Raise InputError unless a frame has all required columns."""
        missing = self.missing(frame.columns)
        if missing:
            raise InputError(
                f"{self.name} {path}: not a table of '{self.writer}': it has no column "
                f"'{missing[0]}'; make it again"
            )

    def _foreign(self, path: Path, error: Exception) -> InputError:
        """Return the error for a file that is not such a table."""
        return InputError(f"{self.name} {path}: not a table of '{self.writer}' ({error})")
