"""Section D: dense batches from a table, and opening one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .inputs import MEDIUM, PROTEINS, SHORT, SYMBOLS, Case
from .measure import Options, interleaved, table
from .ways import bioseqrnn, blocks, sequences

BATCH = 256
ROW_GROUP = 32  # batches


def open_table(path: Path) -> object:
    """Open a table as a reader of bioseqrnn does; the place to change when that changes."""
    from bioseqrnn.tables import sequences as module

    streaming = getattr(module, "open_sequences", None)
    return streaming(path) if streaming else module.read_sequences(path)


def packed_batches(opened: object) -> Iterator[np.ndarray]:
    """Yield dense batches of an open table, in order; the other place to change."""
    if hasattr(opened, "batches"):
        for batch in opened.batches(BATCH):
            yield batch[0] if isinstance(batch, tuple) else getattr(batch, "onehot", batch)
        return
    for start in range(0, len(opened), BATCH):
        yield opened.dense(np.arange(start, min(start + BATCH, len(opened))))[0]


def list_batches(path: Path, symbols: int) -> Iterator[np.ndarray]:
    """Yield dense batches of a Parquet column of float32 lists, a row group read at a time."""
    file = pq.ParquetFile(path)
    for number in range(file.num_row_groups):
        column = file.read_row_group(number, columns=["onehot"]).column(0).combine_chunks()
        values = column.values.to_numpy().reshape(-1, symbols)
        offsets = column.offsets.to_numpy() // symbols
        for start in range(0, len(column), BATCH):
            yield _padded(values, offsets[start : start + BATCH + 1])


def _padded(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return rows of several lengths as one array; a view where they have one length."""
    lengths = np.diff(offsets)
    inside = values[offsets[0] : offsets[-1]]
    if lengths.min() == lengths.max():
        return inside.reshape(len(lengths), lengths[0], -1)
    dense = np.zeros((len(lengths), lengths.max(), values.shape[1]), np.float32)
    dense[np.arange(dense.shape[1]) < lengths[:, None]] = inside
    return dense


def floor_batches(codes: list[np.ndarray], symbols: int) -> Iterator[np.ndarray]:
    """Fill one array over and over from codes at hand; the last row of the matrix pads."""
    eye = np.eye(symbols + 1, symbols, dtype=np.float32)
    buffer = np.empty(max(batch.size for batch in codes) * symbols, np.float32)
    for batch in codes:
        dense = buffer[: batch.size * symbols].reshape(*batch.shape, symbols)
        yield np.take(eye, batch, axis=0, out=dense, mode="clip")


def decode(fastas: list[Path], alphabet: str) -> list[np.ndarray]:
    """Return codes of every batch, intp [batch, longest], padded with the number of symbols."""
    letters = np.frombuffer(SYMBOLS[alphabet].encode(), np.uint8)
    number = np.zeros(256, np.intp)
    number[letters] = np.arange(len(letters))
    rows = [number[np.frombuffer(s.encode(), np.uint8)] for s in sequences(fastas)]
    batches = []
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        codes = np.full((len(batch), max(map(len, batch))), len(letters))
        for code, row in zip(codes, batch, strict=True):
            code[: len(row)] = row
        batches.append(codes)
    return batches


def write_lists(path: Path, codes: list[np.ndarray], symbols: int) -> None:
    """Write the same one-hot as float32 lists."""
    eye = np.eye(symbols, dtype=np.float32)
    with pq.ParquetWriter(path, pa.schema([("onehot", pa.list_(pa.float32()))])) as writer:
        for start in range(0, len(codes), ROW_GROUP):
            rows = [
                row[row < symbols] for batch in codes[start : start + ROW_GROUP] for row in batch
            ]
            offsets = np.cumsum([0, *map(len, rows)]) * symbols
            values = eye[np.concatenate(rows)].ravel()
            lists = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(values))
            writer.write_table(pa.table({"onehot": lists}))


def consume(batches: Iterable[np.ndarray]) -> None:
    """Ask for every batch."""
    for _ in batches:
        pass


def check(name: str, batches: Iterable[np.ndarray], residues: int) -> None:
    """Refuse batches that do not hold a one a residue."""
    found = sum(float(batch.sum(dtype=np.float64)) for batch in batches)
    if found != residues:
        raise SystemExit(f"{name}: {found} residues read of {residues}")


def _row(case: Case, options: Options, folder: Path) -> list[str]:
    fastas = case.write_pair(folder, case.records(options.sample_megabytes))
    records = bioseqrnn(fastas, folder, case.alphabet)
    codes = decode(fastas, case.alphabet)
    symbols = len(SYMBOLS[case.alphabet])
    packed, lists = folder / "sequences.parquet", folder / "lists.parquet"
    write_lists(lists, codes, symbols)
    opened = open_table(packed)
    ways = {
        "opened": lambda: packed_batches(open_table(packed)),
        "batches": partial(packed_batches, opened),
        "lists": partial(list_batches, lists, symbols),
        "floor": partial(floor_batches, codes, symbols),
    }
    residues = sum(len(sequence) for block in blocks(fastas) for sequence in block)
    for name, way in ways.items():
        check(name, way(), residues)
    timed = {name: lambda way=way: consume(way()) for name, way in ways.items()}
    s = interleaved(timed, options.repeats)
    return [
        case.name,
        f"{records:,}",
        f"{packed.stat().st_size / 1e6:.1f}",
        f"{lists.stat().st_size / 1e6:.1f}",
        f"{s['opened']:.3f}",
        f"{s['batches']:.3f}",
        f"{s['lists']:.3f} ({s['lists'] / s['opened']:.1f} ×)",
        f"{s['floor']:.3f} ({s['opened'] / s['floor']:.1f} ×)",
    ]


def _bytes_read() -> int:
    """Bytes that the process has asked the kernel to read so far."""
    for line in Path("/proc/self/io").read_text().splitlines():
        if line.startswith("rchar:"):
            return int(line.split()[1])
    raise SystemExit("no rchar in /proc/self/io")


def _opening(records: int, options: Options, folder: Path) -> list[str]:
    fastas = SHORT.write_pair(folder, records)
    bioseqrnn(fastas, folder, SHORT.alphabet)
    path = folder / "sequences.parquet"
    open_table(path)
    before = _bytes_read()
    open_table(path)
    read = _bytes_read() - before
    ways = {
        "table": partial(open_table, path),
        "footer": lambda: pq.ParquetFile(path).metadata.metadata,
    }
    s = interleaved(ways, options.repeats)
    size = path.stat().st_size
    return [
        f"{records:,}",
        f"{size / 1e6:.1f}",
        f"{1000 * s['table']:.1f}",
        f"{read / 1e6:.2f} ({100 * read / size:.0f} %)",
        f"{1000 * s['footer']:.1f}",
    ]


def section(options: Options, folder: Path) -> None:
    """Print both tables."""
    rows = [_row(case, options, folder / case.alphabet) for case in (MEDIUM, PROTEINS)]
    header = [
        "records", "number", "packed MB", "float32 lists MB", "open and read s",
        "batches alone s", "float32 lists s (× open and read; target ≥ 10)",
        "floor s (open and read is … ×)",
    ]  # fmt: skip
    title = (
        f"Dense batches of {BATCH}, whole table in order, one core, medians of {options.repeats}"
    )
    notes = [
        "float32 lists: the same one-hot as a Parquet column of lists, read with pyarrow a row "
        f"group of {ROW_GROUP * BATCH:,} at a time, cut into batches (views where lengths agree)",
        "floor: numpy.take of an identity matrix into one array, codes already in memory",
    ]
    print(table(title, header, rows, notes), flush=True)
    rows = [_opening(n, options, folder / str(n)) for n in (10_000, 1_000_000)]
    header = ["60-nt records", "MB", "open ms", "MB read by it", "Parquet footer alone ms"]
    notes = ["read: what the process asked of the kernel (rchar), without mapped pages"]
    print(table("Opening a table", header, rows, notes), flush=True)
