"""Records without a motif, and with one: what the output of a network does then."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bioseqrnn.attribution.attribution import Explained
from bioseqrnn.support.arrays import Bools, Doubles, Floats, Ints

# variants of each record, over which the mean is taken
DRAWS = 4
# rows of a batch that ``variants`` makes of one record: unchanged, changed, control
VARIANTS = 1 + 2 * DRAWS


def drawn_residues(background: Doubles, shape: tuple[int, ...], rng: np.random.Generator) -> Ints:
    """Draw residues from their frequencies: int64 of this shape."""
    edges = np.cumsum(background)[:-1]
    found: Ints = np.searchsorted(edges, rng.random(shape), side="right")
    return found


def drawn_instances(frequencies: Doubles, count: int, rng: np.random.Generator) -> Ints:
    """Draw instances of a motif, column by column: int64 [count, width].

    Parameters
    ----------
    frequencies : float64 [width, symbols]
    """
    edges = np.cumsum(frequencies, axis=1)[:, :-1]
    found: Ints = (rng.random((count, len(frequencies), 1)) >= edges).sum(axis=2)
    return found


def elsewhere(covered: Bools, widths: Sequence[int], rng: np.random.Generator) -> Ints | None:
    """Choose stretches of these widths outside the covered positions, which do not overlap.

    Parameters
    ----------
    covered : bool [length]

    Returns
    -------
    int64 [sum of the widths], optional
        Their positions; None if there is no room.
    """
    free = ~covered
    found = []
    for width in widths:
        inside = np.concatenate([np.zeros(1, np.int64), np.cumsum(free)])
        starts = np.flatnonzero(inside[width:] - inside[:-width] == width)
        if not len(starts):
            return None
        start = int(rng.choice(starts))
        free[start : start + width] = False
        found.append(np.arange(start, start + width))
    return np.concatenate(found)


def without_motif(
    x: Floats, starts: Ints, ends: Ints, background: Doubles, rng: np.random.Generator
) -> tuple[Floats, bool]:
    """Replace all occurrences of a motif in a record by random residues, and others as a control.

    Parameters
    ----------
    x : float32 [length, symbols]
    starts, ends : int64 [occurrences]
        They may overlap.
    background : float64 [symbols]
        Frequencies that the residues are drawn from.

    Returns
    -------
    batch : float32 [VARIANTS, length, symbols]
        The record; ``DRAWS`` times without the motif; ``DRAWS`` times with as many and equally long
        stretches elsewhere replaced by the same residues.
    controlled : bool
        Whether there was room for these stretches; otherwise the last rows mean nothing.
    """
    covered = np.zeros(len(x), bool)
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        covered[start:end] = True
    positions = np.flatnonzero(covered)
    # occurrences that overlap or touch are one stretch
    pieces = np.split(positions, np.flatnonzero(np.diff(positions) > 1) + 1)
    residues = np.eye(x.shape[1], dtype=np.float32)[
        drawn_residues(background, (DRAWS, len(positions)), rng)
    ]
    batch = np.repeat(x[None], VARIANTS, axis=0)
    batch[1 : 1 + DRAWS, positions] = residues
    widths = [len(piece) for piece in pieces]
    places = [elsewhere(covered, widths, rng) for _ in range(DRAWS)]
    for row, others in enumerate(places):
        if others is not None:
            batch[1 + DRAWS + row, others] = residues[row]
    return batch, all(others is not None for others in places)


def with_motif(x: Floats, instances: Ints, controls: Ints, starts: Ints, reverse: Bools) -> Floats:
    """Put instances of a motif into a record, and controls at the same places.

    Parameters
    ----------
    x : float32 [length, symbols]
    instances, controls : int64 [DRAWS, width]
    starts : int64 [DRAWS]
        First position of each.
    reverse : bool [DRAWS]
        Whether its reverse complement is put there.

    Returns
    -------
    float32 [VARIANTS, length, symbols]
        The record; ``DRAWS`` times with the motif; ``DRAWS`` times with a control.
    """
    symbols, width = x.shape[1], instances.shape[1]
    batch = np.repeat(x[None], VARIANTS, axis=0)
    one = np.eye(symbols, dtype=np.float32)
    for row, (start, turned) in enumerate(zip(starts, reverse, strict=True)):
        for place, residues in ((1 + row, instances[row]), (1 + DRAWS + row, controls[row])):
            written = symbols - 1 - residues[::-1] if turned else residues
            batch[place, start : start + width] = one[written]
    return batch


def shuffled_instances(instances: Ints, background: Doubles, rng: np.random.Generator) -> Ints:
    """Put the residues of each instance in another order: int64 [count, width].

    At least one column moves. A single residue has no other order: it is drawn from the background.
    """
    count, width = instances.shape
    if width == 1:
        return drawn_residues(background, (count, 1), rng)
    mixed = np.empty_like(instances)
    for row, codes in enumerate(instances):
        order = rng.permutation(width)
        while (order == np.arange(width)).all():
            order = rng.permutation(width)
        mixed[row] = codes[order]
    return mixed


def changes(
    explained: Explained, batch: Floats, lengths: Ints, output: int, targets: Ints | None = None
) -> Doubles:
    """Return the logits of records, and how the variants change them.

    Parameters
    ----------
    batch : float32 [records, VARIANTS, longest, symbols]
        As ``without_motif`` and ``with_motif`` make them; rows after the end of a record are 0.
    lengths : int64 [records]
    output : int
        Number of the explained class.
    targets : int64 [records], optional
        The explained residue of each record, if each residue has an output.

    Returns
    -------
    float64 [records, 3]
        Logit of the record, and mean change by the motif and by the control.
    """
    flat = batch.reshape(-1, *batch.shape[2:])
    where = None if targets is None else np.repeat(targets, VARIANTS)
    logits = explained.padded_logits(flat, np.repeat(lengths, VARIANTS), where)[:, output]
    table = logits.reshape(len(batch), VARIANTS)
    before = table[:, 0]
    motif = table[:, 1 : 1 + DRAWS].mean(axis=1) - before
    control = table[:, 1 + DRAWS :].mean(axis=1) - before
    return np.stack([before, motif, control], axis=1)
