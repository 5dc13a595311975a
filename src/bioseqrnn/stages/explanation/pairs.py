"""The table of pairs of motifs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import false_discovery_control

from bioseqrnn.motifs.pairs import Pair, Placed, motif_pairs
from bioseqrnn.stages.explanation.draw import strata_of
from bioseqrnn.support.arrays import Doubles
from bioseqrnn.tables.declared.explanation import MOTIF_PAIRS
from bioseqrnn.tables.sequences import SequenceTable

# motifs whose pairs are tested: those with the largest contributions
MOST_PAIRED = 30


def write_pairs(
    names: Sequence[str], placed: Sequence[Placed], table: SequenceTable, output: Path
) -> None:
    """Write ``motif_pairs.tsv``.

    Parameters
    ----------
    names : sequence of str
    placed : sequence of Placed
        Occurrences of each motif in the records of the table.
    table : SequenceTable
    output : Path
        Folder.
    """
    both = table.metadata["strands"] == "both"
    strata = strata_of(table, np.arange(len(table)))
    pairs = motif_pairs(placed[:MOST_PAIRED], table.lengths, strata, both)
    q = corrected(np.array([pair.p for pair in pairs]))
    spaced = [pair.spacing.p if pair.spacing else 1.0 for pair in pairs]
    spaced_q = corrected(np.array(spaced))
    rows = [
        (names[pair.first], names[pair.second], pair.records, pair.expected, pair.p, own,
         *_spacing(pair, placed, both, other))
        for pair, own, other in zip(pairs, q.tolist(), spaced_q.tolist(), strict=True)
    ]  # fmt: skip
    MOTIF_PAIRS.write(output / MOTIF_PAIRS.file, MOTIF_PAIRS.frame(rows))


def corrected(p: Doubles) -> Doubles:
    """Correct p-values for all pairs (Benjamini and Hochberg): float64, like ``p``."""
    return np.asarray(false_discovery_control(p)) if len(p) else p


def _spacing(pair: Pair, placed: Sequence[Placed], both: bool, q: float) -> tuple[Any, ...]:
    """The cells of a pair from ``distance`` on."""
    found = pair.spacing
    if found is None:
        return (np.nan,) * 4 + ("",) + (np.nan,) * 4
    distance = (found.low + found.high) // 2
    width = placed[pair.first].width if distance > 0 else placed[pair.second].width
    orientation = ("opposite" if found.opposite else "same") if both else ""
    return (
        distance, found.low, found.high, abs(distance) - width, orientation, found.records,
        found.expected, found.p, q,
    )  # fmt: skip
