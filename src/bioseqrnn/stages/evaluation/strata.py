"""Strata of the records for separate scores: by length, G+C, file and group."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bioseqrnn.onehot.packing import Packed
from bioseqrnn.onehot.row_groups import packed_column
from bioseqrnn.stages.evaluation.collect import Evidence
from bioseqrnn.support.arrays import Bools, Doubles
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.sequences import open_sequences
from bioseqrnn.tasks.task import Classification

PARTS = 4
MOST_NAMES = 20
# the bits of C and G in a packed byte of two residues
GC_BITS = 0b0110_0110


@dataclass(frozen=True)
class Stratum:
    """A subset of the tested records.

    Attributes
    ----------
    kind : {"length", "gc", "source", "group"}
    bin : str
    low, high : float
        Range of the length in residues, or of the G+C fraction; nan for a name.
    records : bool [n]
    """

    kind: str
    bin: str
    low: float
    high: float
    records: Bools


def read_strata(sequences: Path, evidence: Evidence) -> list[Stratum]:
    """Divide the tested records into strata; the sequence table is streamed.

    Parameters
    ----------
    sequences : Path
        ``sequences.parquet``.

    Raises
    ------
    InputError
        A tested record is not in it.
    """
    file = open_sequences(sequences)
    n = len(evidence.rows)
    length, share = np.zeros((2, n))
    dna = file.alphabet.name == "dna"
    names = [name for name in ("source", "group") if name in file.names]
    codes: dict[str, dict[str, int]] = {name: {} for name in names}
    of_record = {name: np.full(n, -1) for name in names}
    seen = 0
    for part in file.row_groups(["id", "length", *names, *(["onehot"] if dna else [])]):
        rows = [evidence.rows.get(name, -1) for name in part.column("id").to_pylist()]
        places = np.array(rows, np.int64)
        tested = places >= 0
        places, seen = places[tested], seen + int(tested.sum())
        lengths = part.column("length").to_numpy()
        length[places] = lengths[tested]
        if dna:
            share[places] = gc_share(packed_column(part.column("onehot"), lengths))[tested]
        for name in names:
            known = codes[name]
            values = part.column(name).to_pylist()
            numbers = [-1 if v is None else known.setdefault(v, len(known)) for v in values]
            of_record[name][places] = np.array(numbers)[tested]
    if seen < n:
        raise InputError(
            f"{sequences}: does not contain {n - seen} of the test records; give the table that "
            "was split"
        )
    strata = quantile_strata("length", length)
    if dna:
        strata += quantile_strata("gc", share)
    for name in names:
        strata += _named(name, codes[name], of_record[name], evidence)
    return strata


def gc_share(packed: Packed) -> Doubles:
    """Fraction of G and C in each DNA sequence: float64 [n].

    Set bits are counted without unpacking, so an ambiguous residue counts as every base that it can
    be.
    """
    starts = packed.offsets[:-1]
    gc, all_bits = (
        np.add.reduceat(np.bitwise_count(packed.data & mask), starts, dtype=np.int64)
        for mask in (np.uint8(GC_BITS), np.uint8(0xFF))
    )
    share: Doubles = gc / np.maximum(all_bits, 1)
    return share


def quantile_strata(kind: str, values: Doubles) -> list[Stratum]:
    """Cut records into quarters of about equal size by a number; none if all numbers are equal."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, PARTS + 1), method="inverted_cdf"))
    place = np.clip(np.searchsorted(edges, values, side="left") - 1, 0, None)
    strata = []
    for part in np.unique(place) if len(edges) > 1 else []:
        records = place == part
        low, high = float(values[records].min()), float(values[records].max())
        form = "{:.0f}" if kind == "length" else "{:.3f}"
        words = form.format(low) if low == high else f"{form.format(low)}–{form.format(high)}"
        strata.append(Stratum(kind, words, low, high, records))
    return strata


def _named(kind: str, names: dict[str, int], of_record: Any, evidence: Evidence) -> list[Stratum]:
    """One stratum per name, if there are few names and scores in the strata are meaningful."""
    if not 2 <= len(names) <= MOST_NAMES:
        return []
    nan = float("nan")
    parts = [Stratum(kind, name, nan, nan, of_record == code) for name, code in names.items()]
    parts = [part for part in parts if part.records.any()]
    if isinstance(evidence.task, Classification):
        # a stratum with a single class says nothing about a model
        several = sum(len(np.unique(evidence.truth[part.records])) > 1 for part in parts)
        return parts if several > 1 else []
    return parts
