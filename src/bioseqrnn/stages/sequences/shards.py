"""A large dataset encoded by several jobs in parts that are then joined to the same table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

import pyarrow as pa
from pydantic import Field, model_validator

from bioseqrnn.config.datasets import DatasetOptions, NegativesConfig
from bioseqrnn.fasta.blocks import Shard
from bioseqrnn.fasta.conversions import Conversions
from bioseqrnn.fasta.labels import CLASSIFICATION
from bioseqrnn.fasta.records import PackedRecords
from bioseqrnn.fasta.sources import Source
from bioseqrnn.fasta.stream import Batch, Places
from bioseqrnn.onehot.alphabet import ALPHABETS
from bioseqrnn.onehot.row_groups import packed_column
from bioseqrnn.stages.sequences.counts import SourceCounts
from bioseqrnn.stages.sequences.reader import DatasetReader
from bioseqrnn.stages.sequences.run import Encoded, write_table
from bioseqrnn.stages.sequences.writer import open_dataset
from bioseqrnn.support.atomic import atomic_path
from bioseqrnn.support.checked import Count, Described, checked
from bioseqrnn.support.console import progress, say
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import open_parquet, require_columns, require_file
from bioseqrnn.support.memory import collector_paused
from bioseqrnn.tables.valid import NEEDED, check_rows

KIND = "shard"


def parse_shard(text: str) -> Shard:
    """Return the shard that ``2-of-8`` names (the second one)."""
    found = re.fullmatch(r"(\d+)-of-(\d+)", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise InputError(f"'{text}' is not a shard; write the second of eight shards as '2-of-8'")
    return Shard(int(found[1]) - 1, int(found[2]))


def encode_shard(
    sources: list[Source],
    output: Path,
    shard: Shard,
    *,
    options: DatasetOptions,
    where: str = "dataset",
) -> None:
    """Encode one part of a dataset; ``gather_shards`` checks what needs the whole dataset."""
    dataset = DatasetReader(sources, options, where)
    if shard.index == 0:
        dataset.warn()
    made_later = options.model_copy(update={"negatives": NegativesConfig()})
    states = [_state(path) for path in dataset.files]
    groups = [0]
    with (
        atomic_path(output) as temporary,
        open_dataset(
            temporary, sources, dataset.names, made_later, dataset.alphabet, dataset.grouped
        ) as writer,
        progress(f"encode {where}, part {shard.index + 1} of {shard.count}", "records") as bar,
        collector_paused(),
    ):
        for index in range(len(sources)):
            for batch in _counting_from(dataset.source_batches(index, shard), shard):
                writer.add(index, batch)
                bar.advance(len(batch.records))
            writer.end_group()
            groups.append(writer.row_groups)
        dataset.check_unchanged()
        metadata = {
            "kind": KIND,
            "index": shard.index,
            "count": shard.count,
            "options": options.model_dump(),
            "alphabet": dataset.alphabet.name,
            "sources": [_source_state(source) for source in sources],
            "files": states,
            "row_groups": groups,
            "names": dataset.names,
            "conversions": [asdict(counts.conversions) for counts in writer.counts],
            "grouped": dataset.grouped,
            "labels": [[str(f.path), len(f), f.used] for f in dataset.label_files.values()],
            # only the first job reads the files again for their checksums
            "checksums": dataset.checksums() if shard.index == 0 else {},
        }
        writer.finish(metadata)
    say(f"{where}: part {shard.index + 1} of {shard.count}, {writer.written:,} records")


def gather_shards(
    paths: list[Path],
    output: Path,
    intake: Path,
    *,
    options: DatasetOptions,
    where: str = "dataset",
) -> int:
    """Write the table of a dataset from all of its shards, in any order; return the records.

    Raises
    ------
    InputError
        A shard that is missing, damaged, or made from other files, rows or options; a duplicate id;
        classes that do not suit the task.
    """
    shards = sorted((_read_shard(path) for path in paths), key=lambda part: part.state["index"])
    first = shards[0].state
    for part in shards:
        for key in ("count", "options", "alphabet", "sources", "files"):
            if part.state[key] != first[key]:
                raise InputError(
                    f"{part.path}: belongs to another dataset than {shards[0].path}, or a file "
                    f"changed between them ({key} differ); encode all shards again"
                )
    present = [part.state["index"] for part in shards]
    if present != list(range(first["count"])):
        raise InputError(
            f"{where}: shards {[i + 1 for i in present]} of {first['count']} are given; give every "
            "shard exactly once"
        )
    if options.model_dump() != first["options"]:
        raise InputError(f"{shards[0].path}: encoded with other options; encode all shards again")
    names = first["names"]
    encoded = Encoded(
        sources=[_source(entry) for entry in first["sources"]],
        names=names,
        options=options,
        alphabet=ALPHABETS[first["alphabet"]],
        grouped=any(part.state["grouped"] for part in shards),
        batches=lambda: _batches(shards, len(names)),
        checksums=lambda: first["checksums"],
        where=where,
    )

    def add_counts(found: list[SourceCounts]) -> None:
        for part in shards:
            for tally, counted in zip(found, part.state["conversions"], strict=False):
                tally.conversions.add(Conversions(**counted))

    written = write_table(encoded, output, intake, add_counts)
    for place, (path, rows, _) in enumerate(first["labels"]):
        used = sum(part.state["labels"][place][2] for part in shards)
        if used < rows:
            say(f"{path}: {rows - used:,} labelled ids have no record")
    return written


Triple = Annotated[list[str | int], Field(min_length=3, max_length=3)]


class ShardState(Described):
    """JSON under the key ``bioseqrnn`` of a shard."""

    kind: str
    index: Count
    count: Annotated[int, Field(ge=1)]
    options: dict[str, Any]
    alphabet: Literal["dna", "protein"]
    sources: list[dict[str, str | None]]
    # files: path, size and time; labels: path, number of rows and how many of them were used
    files: list[Triple]
    row_groups: list[Count]
    names: list[str]
    conversions: list[dict[str, Count | dict[str, Count] | list[str]]]
    grouped: bool
    labels: list[Triple]
    checksums: dict[str, str]

    @model_validator(mode="after")
    def _check(self) -> ShardState:
        bounds = [0, *self.row_groups]
        if len(self.row_groups) != len(self.names) + 1 or bounds != sorted(bounds):
            raise ValueError("row_groups do not match the sources")
        if len(self.sources) != len(self.names):
            raise ValueError("the numbers of sources and of names differ")
        for path, *numbers in self.files + self.labels:
            if not isinstance(path, str) or not all(isinstance(n, int) for n in numbers):
                raise ValueError("each of files and labels must be a path and two numbers")
        kinds = {key: type(value) for key, value in asdict(Conversions()).items()}
        for counts in self.conversions:
            if {key: type(value) for key, value in counts.items()} != kinds:
                raise ValueError("conversions do not have the counts of this version")
        DatasetOptions.model_validate(self.options)
        return self


@dataclass(frozen=True)
class _Part:
    path: Path
    state: dict[str, Any]


def _read_shard(path: Path) -> _Part:
    file, state = open_parquet(path, "shard", columns_whole=True)
    with file:
        if state.get("kind") != KIND:
            raise InputError(f"shard {path}: not written by 'bioseqrnn encode --shard'")
        checked(ShardState, state, f"shard {path}: metadata", "encode it again")
        require_columns(file, NEEDED)
        if state["row_groups"][-1] != file.num_row_groups:
            raise InputError(f"shard {path}: row groups are missing; encode it again")
    return _Part(path, state)


def _batches(shards: list[_Part], sources: int) -> Iterator[tuple[int, Batch]]:
    """Yield all records, source after source, as one job would have read them."""
    for source in range(sources):
        for part in shards:
            for rows in _rows(part, list(pairwise(part.state["row_groups"]))[source]):
                yield source, _batch(rows)


def _rows(part: _Part, groups: tuple[int, int]) -> Iterator[pa.RecordBatch]:
    """Yield the rows of some row groups of a shard; its file is open only during this."""
    task = part.state["options"]["task"]
    about = {"task": "multiclass" if task == CLASSIFICATION else task, "classes": None}
    file, _ = open_parquet(part.path, "shard", columns_whole=True)
    with file:
        first = sum(file.metadata.row_group(group).num_rows for group in range(groups[0]))
        for group in range(*groups):
            # one at a time: a batch over several groups would be as large as all of them together
            for rows in file.iter_batches(row_groups=[group]):
                table = pa.Table.from_batches([rows])
                alphabet = ALPHABETS[part.state["alphabet"]]
                yield from check_rows(table, first, part.path, alphabet, about).to_batches()
                first += len(rows)


def _batch(rows: pa.RecordBatch) -> Batch:
    packed = packed_column(rows.column("onehot"), rows.column("length").to_numpy())
    ids = rows.column("id")
    groups = rows.column("group") if "group" in rows.schema.names else None
    places = None
    if "chrom" in rows.schema.names:
        places = Places(*(rows.column(name) for name in ("chrom", "start", "strand")))
    # headers are no longer needed: labels and ids are columns now
    records = PackedRecords(ids, packed, Conversions(), ())
    return Batch(records, rows.column("label"), groups, places)


def _counting_from(batches: Iterator[Batch], shard: Shard) -> Iterator[Batch]:
    """Add to errors with a record number that it is counted from the first record of the part."""
    try:
        yield from batches
    except InputError as error:
        if not shard.index or not re.search(r": record \d+ ", str(error)):
            raise
        part = f"part {shard.index + 1} of {shard.count}"
        raise InputError(f"{error} (counted from the first record of {part})") from error


def _state(path: Path) -> list[Any]:
    stat = require_file(path, "file").stat()
    return [str(path), stat.st_size, stat.st_mtime_ns]


def _source_state(source: Source) -> dict[str, str | None]:
    return {key: None if v is None else str(v) for key, v in vars(source).items()}


def _source(state: dict[str, str | None]) -> Source:
    paths = {key: Path(v) if v is not None and key in ("fasta", "labels", "intervals") else v
             for key, v in state.items()}  # fmt: skip
    return Source(**paths)  # type: ignore[arg-type]
