"""Records as users have them: strings, Biopython's records, tables or files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa

from bioseqrnn.config.checks.files import named_like_fasta
from bioseqrnn.fasta.records import PackedRecords, pack_given
from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.support.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from Bio.Seq import Seq
    from Bio.SeqRecord import SeqRecord

    Records: TypeAlias = (
        str
        | PathLike[str]
        | Seq
        | SeqRecord
        | Iterable[str | Seq | SeqRecord]
        | Mapping[str, str | Seq]
        | pd.DataFrame
        | pd.Series
        | pa.Table
    )

ID, SEQUENCE = "id", "sequence"
# name of records from memory in messages
MEMORY = Path("records")
# letters that are packed at once, and the most records
BLOCK_LETTERS, BLOCK_RECORDS = 1 << 17, 4096
TABLE_ROWS = 10_000
# in names of files, and never in a sequence
SEPARATORS = re.compile(r"[/\\]")
LONGEST_NAME = 255

Named: TypeAlias = tuple[str, str]


def path_of(records: Any) -> Path | None:
    """Return the path of a FASTA file if ``records`` is one, or None.

    A text is a path if it contains ``/``, ends like the name of a FASTA file, or is the name of a
    file that exists.
    """
    if isinstance(records, PathLike):
        return Path(records)
    if not isinstance(records, str):
        return None
    if SEPARATORS.search(records) or named_like_fasta(records):
        return Path(records)
    if not 0 < len(records) <= LONGEST_NAME or "\0" in records:
        return None
    return Path(records) if Path(records).is_file() else None


def packed(records: Any, alphabet: Alphabet) -> Iterator[PackedRecords]:
    """Yield records from memory, packed, in their order.

    Raises
    ------
    InputError
        It is not of a kind that is accepted, or a table lacks a column.
    """
    ids: list[str] = []
    texts: list[str] = []
    letters = 0
    for name, text in named(records):
        ids.append(name)
        texts.append(text)
        letters += len(text)
        if letters >= BLOCK_LETTERS or len(ids) == BLOCK_RECORDS:
            yield pack_given(MEMORY, ids, texts, alphabet)
            ids, texts, letters = [], [], 0
    if ids:
        yield pack_given(MEMORY, ids, texts, alphabet)


def named(records: Any) -> Iterator[Named]:
    """Yield id and sequence of each record; records without ids are numbered from 1."""
    rows = _rows(records)
    if rows is None:
        raise InputError(
            f"records are of type {type(records).__name__}; give strings, Biopython's records, a "
            "dictionary of sequences by id, a table with the columns id and sequence, or the path "
            "of a FASTA file"
        )
    for number, (name, sequence) in enumerate(rows, start=1):
        shown = str(number) if name is None else _text(name, f"the id of record {number}")
        yield shown, _text(sequence, f"record {number}")


def _rows(records: Any) -> Iterator[tuple[Any, Any]] | None:
    """Id (None: no ids are given) and sequence of each record, as they are given."""
    import pandas as pd
    from Bio.Seq import MutableSeq, Seq
    from Bio.SeqRecord import SeqRecord

    if isinstance(records, str | Seq | MutableSeq | SeqRecord):
        records = [records]
    if isinstance(records, Mapping):
        return iter(records.items())
    if isinstance(records, pd.Series):
        return zip(records.index, records, strict=True)
    if isinstance(records, pd.DataFrame):
        _require(map(str, records.columns))
        ids = records[ID] if ID in records else [None] * len(records)
        return zip(ids, records[SEQUENCE], strict=True)
    if isinstance(records, pa.RecordBatch) or hasattr(records, "__arrow_c_stream__"):
        return _of_arrow(pa.table(records))
    if not isinstance(records, Iterable) or isinstance(records, bytes):
        return None
    return ((r.id, r.seq) if isinstance(r, SeqRecord) else (None, r) for r in records)


def _of_arrow(table: pa.Table) -> Iterator[tuple[Any, Any]]:
    _require(table.column_names)
    for batch in table.to_batches(max_chunksize=TABLE_ROWS):
        texts = batch.column(SEQUENCE).to_pylist()
        ids = batch.column(ID).to_pylist() if ID in table.column_names else [None] * len(texts)
        yield from zip(ids, texts, strict=True)


def _require(columns: Iterable[str]) -> None:
    columns = list(columns)
    if SEQUENCE not in columns:
        raise InputError(
            f"the table has no column '{SEQUENCE}', only {', '.join(columns) or 'none'}; name the "
            f"columns '{ID}' and '{SEQUENCE}'"
        )


def _text(value: Any, what: str) -> str:
    """The text of a value; a missing one is empty."""
    from Bio.Seq import MutableSeq, Seq, UndefinedSequenceError

    if isinstance(value, str):
        # half of a pair of UTF-16 cannot be stored
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, Seq | MutableSeq):
        try:
            return str(value)
        except UndefinedSequenceError:
            return ""
    if what.startswith("the id"):
        return str(value)
    if value is None or value != value:
        return ""
    raise InputError(f"{what} is of type {type(value).__name__}; a sequence is text")
