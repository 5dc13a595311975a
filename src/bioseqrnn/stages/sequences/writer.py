"""Writing of labelled records to one table: columns, check of unique ids, counts for the intake."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.fasta.labels import CLASSIFICATION, MULTILABEL, REGRESSION, classes_in
from bioseqrnn.fasta.labels import label_type as plain_label_type
from bioseqrnn.fasta.names import id_digests
from bioseqrnn.fasta.sources import Source, order_classes
from bioseqrnn.fasta.stream import Batch
from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.onehot.row_groups import RowGroupWriter, onehot_column
from bioseqrnn.stages.sequences.counts import SourceCounts
from bioseqrnn.stages.sequences.unique import RepeatedKeys
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import METADATA_KEY
from bioseqrnn.tables.sequences import FORMAT

CATEGORY = pa.dictionary(pa.int32(), pa.string())
MADE = " (made negatives)"
# Yields all batches of a dataset, with the index of their source; can be called again
Batches = Callable[[], Iterator[tuple[int, Batch]]]


class DatasetWriter:
    """Writes the batches of a dataset, in the order in which they are added.

    It is created by ``open_dataset``. Sources made by the program (negatives) follow the given
    ones: the negatives of source ``i`` of ``n`` are source ``n + i``.

    Attributes
    ----------
    counts : list of SourceCounts
        One per source.
    written : int
        Number of records written.
    """

    def __init__(
        self,
        writer: RowGroupWriter,
        schema: pa.Schema,
        folder: Path,
        sources: list[Source],
        names: list[str],
        options: DatasetOptions,
    ) -> None:
        made = [name + MADE for name in names] if options.makes_negatives else []
        labels = [source.label or "" for source in sources]
        labels += [options.negatives.label] * len(made)
        self.counts = [SourceCounts(*pair) for pair in zip(names + made, labels, strict=True)]
        self.written = 0
        self._writer, self._schema, self._task = writer, schema, options.task
        self._names = pa.array(names + made, pa.string()).dictionary_encode()
        self._splits = [source.split for source in sources] * 2
        self._keys = RepeatedKeys(folder)
        self._paired = _paired(options)

    def add(self, source: int, batch: Batch) -> None:
        """Write some records of a source."""
        records, count = batch.records, len(batch.records)
        self._keys.add(id_digests(records.ids))
        self.counts[source].add(records, classes_in(batch.labels, self._task))
        values: dict[str, Any] = {
            "id": records.ids,
            "source": self._names.take(pa.array(np.full(count, source, np.int32))),
            "length": records.packed.lengths,
            "label": batch.labels,
            "onehot": onehot_column(records.packed),
        }
        if "group" in self._schema.names:
            groups = pa.nulls(count, pa.string()) if batch.groups is None else batch.groups
            values["group"] = groups.fill_null(own_groups(records.ids)) if self._paired else groups
        if "split" in self._schema.names:
            splits = pa.array([self._splits[source]], pa.string())
            values["split"] = pa.DictionaryArray.from_arrays(np.zeros(count, np.int32), splits)
        if "chrom" in self._schema.names:
            places = batch.places
            values["chrom"] = pa.nulls(count, pa.string()) if places is None else places.chroms
            values["start"] = pa.nulls(count, pa.int64()) if places is None else places.starts
            values["strand"] = pa.nulls(count, pa.string()) if places is None else places.strands
        columns = [_as_column(values[field.name], field.type) for field in self._schema]
        self._writer.add(pa.record_batch(columns, schema=self._schema), records.packed)
        self.written += count

    def end_group(self) -> None:
        """Begin a new row group with the next record."""
        self._writer.flush()

    @property
    def row_groups(self) -> int:
        """Number of row groups written so far, without the records that are still collected."""
        return self._writer.groups

    def check_ids(self, batches: Batches, sources: list[Source], options: DatasetOptions) -> None:
        """Raise InputError for a duplicate id; the records are read again to name it."""
        repeated = self._keys.find()
        if not len(repeated):
            return
        seen: dict[bytes, tuple[Path, str]] = {}
        wanted = {key.tobytes() for key in repeated}
        for source, batch in batches():
            for place, key in enumerate(id_digests(batch.records.ids)):
                if (text := key.tobytes()) not in wanted:
                    continue
                path = sources[source].origin
                name = batch.records.ids[place].as_py()
                if text in seen:
                    other = seen[text][0]
                    both = f" and {other}" if other != path else " twice"
                    words = options.ids == "word" and not sources[source].intervals
                    hint = " (ids: header uses whole headers as ids)" if words else ""
                    raise InputError(
                        f"{path}: duplicate id '{name}': it appears in this file{both}; ids must "
                        f"be unique in a dataset{hint}"
                    )
                seen[text] = path, name
        path, name = next(iter(seen.values()))
        raise InputError(f"{path}: record '{name}' has the same id as a made negative; rename it")

    def finish(self, metadata: dict[str, Any]) -> None:
        """Write the metadata of the table."""
        self._writer.add_metadata(METADATA_KEY, json.dumps(metadata, sort_keys=True))


@contextmanager
def open_dataset(
    path: Path,
    sources: list[Source],
    names: list[str],
    options: DatasetOptions,
    alphabet: Alphabet,
    grouped: bool,
) -> Iterator[DatasetWriter]:
    """Open a table for writing; ``grouped`` says whether any record can have a group."""
    label = CATEGORY if options.task == CLASSIFICATION else plain_label_type(options.task)
    columns: list[tuple[str, pa.DataType]] = [
        ("id", pa.string()),
        ("source", CATEGORY),
        ("length", pa.int64()),
        ("label", label),
    ]
    columns += [("group", pa.string())] * (grouped or _paired(options))
    columns += [("split", CATEGORY)] * any(source.split for source in sources)
    if options.negatives.method == "genome" or any(source.intervals for source in sources):
        columns += [("chrom", pa.string()), ("start", pa.int64()), ("strand", pa.string())]
    schema = pa.schema([*columns, ("onehot", pa.large_binary())])
    with RowGroupWriter(path, schema, alphabet) as writer:
        yield DatasetWriter(writer, schema, path.parent, sources, names, options)


def own_groups(ids: pa.Array) -> pa.Array:
    """Return groups for records and the negatives made from them: the id and a tab.

    No group given by a user ends in a tab, so these groups never equal a given one.
    """
    return pc.binary_join_element_wise(ids, "\t", "")


def _paired(options: DatasetOptions) -> bool:
    """Return whether a record and the negatives made from it form a group."""
    return options.negatives.method == "shuffle"


def _as_column(values: Any, kind: pa.DataType) -> pa.Array:
    if isinstance(values, pa.Array):
        if values.type == kind:
            return values
        if pa.types.is_dictionary(kind):
            return values.dictionary_encode()
        # one label for many records is repeated in a column that is not dictionary-encoded
        category = pa.types.is_dictionary(values.type)
        return values.dictionary_decode() if category else values.cast(kind)
    return pa.array(values, kind)


def table_metadata(
    found: Iterable[str],
    options: DatasetOptions,
    alphabet: Alphabet,
    records: int,
    sources: dict[str, str],
    where: str,
) -> dict[str, Any]:
    """Return the metadata of a table; InputError if its classes do not suit the task."""
    positive = options.positive
    classes: list[str] = []
    if options.task != REGRESSION:
        least = 1 if options.task == MULTILABEL else 2
        classes = order_classes(set(found), options.classes, positive, where, least)
        declared = positive is not None or options.classes is not None
        if options.makes_negatives and not declared and len(classes) == 2:
            classes.sort(key=lambda name: name != options.negatives.label)
    task: str = options.task
    if task == CLASSIFICATION:
        task = "binary" if len(classes) == 2 else "multiclass"
    # maximum length of the blocks into which long records were cut
    more: dict[str, Any] = {} if options.block is None else {"block": options.block}
    if options.opposite is not None:
        more["opposite"] = _opposite(options.opposite, classes, alphabet, where)
    return more | {
        "format": FORMAT,
        "alphabet": alphabet.name,
        "symbols": alphabet.symbols,
        "strands": options.strands,
        "ids": options.ids,
        "task": task,
        "classes": classes,
        "records": records,
        "sources": sources,
    }


def _opposite(
    pairs: dict[str, str], classes: list[str], alphabet: Alphabet, where: str
) -> dict[str, str]:
    """Return the opposite class for classes that change on the other strand; both directions."""
    if alphabet.name != "dna":
        raise InputError(
            f"{where}: 'opposite' is only for DNA, but this is {alphabet.name}; remove it"
        )
    both = pairs | {second: first for first, second in pairs.items()}
    for name in both:
        if name not in classes:
            known = ", ".join(classes)
            raise InputError(f"{where}: opposite class '{name}' is unknown (known: {known})")
        if both[both[name]] != name:
            raise InputError(
                f"{where}: 'opposite' gives class '{name}' two opposite classes; give only one"
            )
    return both
