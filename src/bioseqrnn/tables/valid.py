"""Checks of a sequence table: metadata, columns, and every row group when it is read.

Kernels read and write, without checks, at the places that lengths and offsets give. These checks
make that safe also for untrusted files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from bioseqrnn.config.checks.labels import SPLITS
from bioseqrnn.fasta.class_names import has_control
from bioseqrnn.onehot.alphabet import ALPHABETS, Alphabet
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.onehot.row_groups import packed_column
from bioseqrnn.support.arrays import Bytes, Ints
from bioseqrnn.support.checked import Count, Described, short
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.declared.data import SEQUENCES
from bioseqrnn.tables.declared.table import BYTES as BYTES_KIND
from bioseqrnn.tables.declared.table import CATEGORY, COUNT
from bioseqrnn.tables.declared.table import LABEL as LABEL_KIND
from bioseqrnn.tables.declared.table import TEXT as TEXT_KIND

NEEDED = tuple(SEQUENCES.names)
# columns of the sequence table that may have missing values; no other table has such columns
OPTIONAL = tuple(column.name for column in SEQUENCES.columns if column.optional)
# other types that Arrow and other programs use for the same kind of values
TEXT, BYTES = pa.string(), pa.large_binary()
TYPES = {TEXT_KIND: TEXT, CATEGORY: TEXT, COUNT: pa.int64(), BYTES_KIND: BYTES}
# masks of the highest bit of every half byte, and of its three lower bits
HIGHEST, LOWER = np.uint64(0x8888_8888_8888_8888), np.uint64(0x7777_7777_7777_7777)
# number of words that fits into the cache of a core
AT_ONCE = 2**14
LABELS = {
    "binary": TEXT, "multiclass": TEXT, "multilabel": pa.list_(TEXT), "regression": pa.float64(),
    "per_position": pa.large_string(),
}  # fmt: skip


class TableMetadata(Described):
    """JSON under the key ``bioseqrnn`` of ``sequences.parquet`` (docs/formats.md)."""

    format: Count
    alphabet: Literal["dna", "protein"]
    symbols: str
    strands: Literal["single", "both"]
    ids: Literal["word", "header"]
    task: Literal["binary", "multiclass", "multilabel", "regression", "per_position"]
    classes: list[Annotated[str, Field(min_length=1)]]
    records: Count
    sources: dict[str, str]
    block: Annotated[int, Field(ge=2)] | None = None
    opposite: dict[str, str] | None = None
    negatives: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _check(self) -> TableMetadata:
        check_classes(self.task, self.classes)
        check_symbols(self.alphabet, self.symbols)
        if not {*(self.opposite or {}), *(self.opposite or {}).values()} <= set(self.classes):
            raise ValueError("opposite contains a class that does not exist")
        return self


def check_classes(task: str, classes: list[str]) -> None:
    """Raise ValueError if the classes do not fit the task."""
    if len(set(classes)) < len(classes):
        raise ValueError("classes: a class appears twice")
    least, most = {"binary": (2, 2), "multilabel": (1, None), "regression": (0, 0)}.get(
        task, (2, None)
    )
    if len(classes) < least or (most is not None and len(classes) > most):
        raise ValueError(f"classes: a {task} task cannot have {len(classes)}")
    if any(has_control(name) for name in classes):
        raise ValueError("classes: a name contains a control character")


def check_symbols(alphabet: str, symbols: str) -> None:
    """Raise ValueError if the symbols are not those of the alphabet."""
    if symbols != ALPHABETS[alphabet].symbols:
        raise ValueError(f"symbols of {alphabet} must be {ALPHABETS[alphabet].symbols}")


def check_rows(
    rows: pa.Table, first: int, path: Path, alphabet: Alphabet, metadata: dict[str, Any]
) -> pa.Table:
    """Check some columns of consecutive rows, and return them in the types used here.

    Parameters
    ----------
    rows : Table
    first : int
        Number of the first row, from 0, for messages.
    path : Path
        Path for messages.
    alphabet : Alphabet
    metadata : dict
        ``task`` and ``classes``, which are None if not yet known.

    Raises
    ------
    InputError
        A value that is missing, of another type or outside its range.
    """
    check = RowCheck(path, first)
    task, classes = metadata["task"], metadata["classes"]
    types = TYPES | {LABEL_KIND: LABELS[task]}
    kinds = {column.name: types[column.kind] for column in SEQUENCES.columns}
    found = {
        name: check.column(name, rows.column(name), kinds[name]) if name in kinds else values
        for name, values in zip(rows.column_names, rows.columns, strict=True)
    }
    if "length" in found:
        check.all("length", found["length"].to_numpy() > 0, "is less than 1")
    if "onehot" in found and "length" in found:
        check.onehot(found["onehot"], found["length"].to_numpy(), alphabet)
    if "label" in found and classes is not None:
        check.labels(found["label"], task, classes)
    if "label" in found and "length" in found and task == "per_position":
        sizes = pc.binary_length(found["label"]).to_numpy()
        check.all(
            "label", sizes == found["length"].to_numpy(), "needs one character for each residue"
        )
    if "start" in found:
        # no genome is longer
        fine = pc.and_(pc.greater_equal(found["start"], 0), pc.less(found["start"], 2**36))
        check.all("start", fine.fill_null(True), "is not a place on a chromosome")
    if "strand" in found:
        known = pc.is_in(found["strand"], pa.array(["+", "-", None]))
        check.all("strand", known, "is neither + nor -")
    if "split" in found:
        known = pc.is_in(found["split"], pa.array([*SPLITS, None]))
        check.all("split", known, f"is not one of {', '.join(SPLITS)}")
    return pa.table(found)


class RowCheck:
    """Checks columns of some rows of a file."""

    def __init__(self, path: Path, first: int) -> None:
        self._path, self._first = path, first

    def all(self, column: str, fine: Any, why: str) -> None:
        """Raise InputError for the first row where ``fine`` is false."""
        if isinstance(fine, pa.Array):
            fine = fine.to_numpy(zero_copy_only=False)
        if not fine.all():
            row = self._first + int(np.argmin(fine)) + 1
            raise InputError(
                f"{self._path}: row {row}: its '{column}' {why}; the file is damaged or was "
                "changed, make it again"
            )

    def column(self, name: str, values: pa.ChunkedArray, kind: pa.DataType) -> pa.Array:
        """Return a column as one array of a given type, checked for missing values."""
        where = f"{self._path}: column '{name}'"
        parts = [as_type(part, kind, where) for part in values.chunks] or [pa.array([], kind)]
        # a single part is not copied: it can be a chromosome
        array = parts[0] if len(parts) == 1 else pa.concat_arrays(parts)
        if array.null_count and name not in OPTIONAL:
            self.all(name, array.is_valid(), "is missing")
        return array

    def onehot(self, onehot: pa.Array, lengths: Ints, alphabet: Alphabet) -> None:
        """Check packed rows against their lengths, and that every residue has a bit."""
        # checked before the multiplication, which could overflow to a size that fits
        sizes = pc.binary_length(onehot).to_numpy()
        self.all("onehot", lengths <= sizes * 8 // alphabet.width, "is shorter than its length")
        wanted = (lengths * alphabet.width + 7) // 8
        self.all("onehot", sizes == wanted, "is longer than its length")
        if not len(lengths):
            return
        packed = packed_column(onehot, lengths)
        padded = np.flatnonzero(lengths * alphabet.width % 8)
        ends = packed.data[packed.offsets[padded + 1] - 1]
        fine = np.ones(len(lengths), bool)
        fine[padded] = ends & 0xF == 0
        self.all("onehot", fine, "continues after its length")
        if alphabet.width == 4:
            self._nibbles(packed, len(padded))

    def _nibbles(self, packed: Packed, padded: int) -> None:
        """Check that every DNA residue has a bit: only padding has none."""
        if _empty_nibbles(packed.data) == padded:
            return
        empty = (packed.data >> 4 == 0).astype(np.int64) + (packed.data & 0xF == 0)
        sums = np.add.reduceat(empty, packed.offsets[:-1])
        self.all("onehot", sums == packed.lengths % 2, "has a residue without a bit")

    def labels(
        self, labels: pa.Array, task: str, classes: list[str], column: str = "label"
    ) -> None:
        """Check that labels are known classes, or finite numbers."""
        if task == "regression":
            self.all(column, np.isfinite(labels.to_numpy()), "is not a finite number")
        elif task == "multilabel":
            values = labels.flatten()
            known = pc.is_in(values, pa.array(classes, values.type)).to_numpy(zero_copy_only=False)
            rows = np.repeat(np.arange(len(labels)), pc.list_value_length(labels).to_numpy())
            fine = np.ones(len(labels), bool)
            fine[rows[~known]] = False
            self.all(column, fine, "is not one of the classes")
        elif task == "per_position":
            self._letters(labels, classes, column)
        else:
            known = pc.is_in(labels, pa.array(classes, labels.type))
            self.all(column, known, "is not one of the classes")

    def _letters(self, labels: pa.Array, classes: list[str], column: str) -> None:
        known = np.zeros(256, bool)
        known[[ord(name) for name in classes if len(name) == 1 and name.isascii()]] = True
        packed = packed_column(labels, pc.binary_length(labels).to_numpy())
        if known[packed.data].all() or not len(packed.data):
            return
        place = int(np.argmin(known[packed.data]))
        row = int(np.searchsorted(packed.offsets, place, side="right")) - 1
        self.all(column, np.arange(len(labels)) != row, "has a letter outside the classes")


def _empty_nibbles(data: Bytes) -> int:
    """Count the half bytes that are 0, sixteen at a time."""
    whole = len(data) // 8 * 8
    rest = data[whole:]
    count = int((rest >> 4 == 0).sum() + (rest & 0xF == 0).sum())
    words = data[:whole].view(np.uint64)
    for start in range(0, len(words), AT_ONCE):
        part = words[start : start + AT_ONCE]
        # sets the highest bit of a half byte if any of its bits is set
        some = part & LOWER
        some += LOWER
        some |= part
        some &= HIGHEST
        count += 16 * len(part) - int(np.bitwise_count(some).sum(dtype=np.int64))
    return count


def as_type(array: pa.Array, kind: pa.DataType, where: str) -> pa.Array:
    """Return an array in the type used here; other programs write other types of the same kind.

    Raises
    ------
    InputError
        The type is of another kind, or text is not UTF-8.
    """
    if not same_kind(array.type, kind):
        raise InputError(f"{where} is {array.type}, but {kind} is needed; make the file again")
    try:
        if kind != BYTES or pa.types.is_dictionary(array.type):
            array.validate(full=True)
        if pa.types.is_dictionary(array.type):
            array = array.dictionary_decode()
        if array.type != kind:
            array = array.cast(kind)
    except pa.ArrowException as error:
        raise InputError(f"{where}: not {kind} ({short(str(error))})") from error
    return array


def same_kind(found: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether a type is another form of the wanted one."""
    types = pa.types
    if types.is_dictionary(found):
        found = found.value_type
    texts = (types.is_string, types.is_large_string, types.is_string_view)
    bytes_ = (types.is_binary, types.is_large_binary, types.is_binary_view)
    lists = (types.is_list, types.is_large_list, types.is_list_view, types.is_large_list_view)
    for family in (texts, bytes_, lists, (types.is_integer,)):
        if any(test(wanted) for test in family):
            alike = any(test(found) for test in family)
            inner = family is lists and alike
            return same_kind(found.value_type, wanted.value_type) if inner else alike
    return bool(types.is_floating(found) or types.is_integer(found))
