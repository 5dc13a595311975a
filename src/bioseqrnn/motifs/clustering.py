"""Seqlets to motifs: the densest group is aligned, refined and taken out, until none is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import hypergeom

from bioseqrnn.motifs.alignment import Cores, cores_of, similarities
from bioseqrnn.motifs.comparison import smoothed
from bioseqrnn.motifs.discovery import background, best_places, log_odds
from bioseqrnn.motifs.patterns import Sites, matrices, trimmed
from bioseqrnn.motifs.seqlets import Encoded, Seqlets
from bioseqrnn.support.arrays import Codes, Doubles, Floats, Ints

# seqlets that are compared pair by pair; all are searched with what is found in these
COMPARED = 2000
# share of pairs with residues from random places that are as similar as neighbours
CHANCE_PAIRS = 0.002
CHANCE_SAMPLE = 400
# columns that are added to each end of a matrix, to see whether they belong to it
MARGIN = 8
# residues that are added to each end of a seqlet, in which a matrix may lie
AROUND = 4
ROUNDS, ITERATIONS = 3, 10
# score of a member, as a share of the mean score of the motif
LEAST_OF_MEAN = 0.5
MOST_MOTIFS = 30
# Attempts without a motif, one after the other, that end the search
GIVE_UP = 8
LEAST_SITES = 10
SIGNIFICANT = 1e-3


@dataclass(frozen=True)
class Group:
    """Aligned seqlets: their sites, their numbers among the seqlets, and the p-value."""

    sites: Sites
    members: Ints
    p: float


def groups(records: Encoded, values: Floats, seqlets: Seqlets, *, seed: int) -> list[Group]:
    """Divide seqlets into groups of one pattern each; seqlets of no pattern are left out.

    Parameters
    ----------
    values : float32 [residues]
        Contributions, positive where they speak for what is looked for.
    seed : int
        Seed of the places that random windows and residues are taken from.
    """
    if len(seqlets) < LEAST_SITES:
        return []
    rng = np.random.default_rng(seed)
    chance = background(records.codes, records.symbols)
    # evenly spaced, from the strongest to the weakest
    sample = np.unique(np.linspace(0, len(seqlets) - 1, min(COMPARED, len(seqlets))).astype(int))
    cores = cores_of(records, values, seqlets.of(sample))
    shares, shifts = similarities(cores, cores, records.symbols, records.both)
    least = _by_chance(records, cores, rng)
    near = np.where(shares > least, shares - least, 0)
    np.fill_diagonal(near, 0)
    random = _random_windows(records, seqlets, rng)
    active = np.ones(len(seqlets), bool)
    tried = np.zeros(len(sample), bool)
    found: list[Group] = []
    attempts = failures = 0
    while len(found) < MOST_MOTIFS and failures < GIVE_UP:
        open_ = active[sample]
        density = (near * open_).sum(axis=1) * (open_ & ~tried)
        best = int(density.argmax())
        neighbours = np.flatnonzero((near[best] > 0) & open_)
        if density[best] == 0 or len(neighbours) < 2:
            break
        attempts += 1
        tried[best] = True
        group = _grow(
            records, values, seqlets, np.flatnonzero(active), random, chance,
            _seed_sites(seqlets, sample, best, neighbours, shifts[best], records),
        )  # fmt: skip
        if group is None or group.p * attempts > SIGNIFICANT:
            failures += 1
            continue
        failures = 0
        found.append(Group(group.sites, group.members, group.p * attempts))
        active[group.members] = False
    return found


def _by_chance(records: Encoded, cores: Cores, rng: np.random.Generator) -> float:
    """Similarity that few pairs exceed if the residues of one come from a random place."""
    count = min(CHANCE_SAMPLE, len(cores.lengths))
    chosen = np.unique(np.linspace(0, len(cores.lengths) - 1, count).astype(int))
    width = cores.letters.shape[1]
    places_ = rng.integers(0, max(len(records.codes) - width, 1), count)[:, None] + np.arange(width)
    letters = records.codes[np.minimum(places_, len(records.codes) - 1)]
    known = letters < records.symbols
    weights = np.where(known, cores.weights[chosen], 0).astype(np.float32)
    part = Cores(cores.letters[chosen], cores.weights[chosen], cores.lengths[chosen])
    other = Cores(np.where(known, letters, 255).astype(np.uint8), weights, part.lengths)
    shares, _ = similarities(part, other, records.symbols, records.both)
    return float(np.quantile(shares, 1 - CHANCE_PAIRS))


def _seed_sites(
    seqlets: Seqlets, sample: Ints, best: int, neighbours: Ints, shifts: Ints, records: Encoded
) -> Sites:
    """The windows of a seqlet and its neighbours, aligned with it."""
    start, end = seqlets.starts[sample[best]], seqlets.ends[sample[best]]
    width = int(end - start)
    starts, ends = seqlets.starts[sample[neighbours]], seqlets.ends[sample[neighbours]]
    column, reverse = shifts[neighbours] // 2, shifts[neighbours] % 2
    forward = starts - column
    backward = ends + column - width
    first = np.concatenate([[start], np.where(reverse == 1, backward, forward)])
    owner = records.record_of(np.concatenate([[start], starts]))
    return Sites(first, owner, np.concatenate([[0], reverse]), width)


def _grow(
    records: Encoded, values: Floats, seqlets: Seqlets, active: Ints, random: Seqlets,
    chance: Doubles, sites: Sites,
) -> Group | None:  # fmt: skip
    """Refine aligned windows on all seqlets that are left; None if no pattern remains."""
    pool = seqlets.of(active)
    held = np.zeros(0, np.int64)
    for _ in range(ROUNDS):
        sites = sites.cut(-MARGIN, sites.width + MARGIN)
        sites = trimmed(sites, records, values, chance)
        if sites.width < 2 or len(sites) < 3:
            return None
        windows = _windows(records, pool, sites.width)
        for _ in range(ITERATIONS):
            odds, least = _model(sites, records, chance, len(pool))
            score, start, strand = best_places(windows.codes, windows.offsets, odds, records.both)
            before, held = held, np.flatnonzero(score >= least(windows.placements))
            owner = records.record_of(pool.starts[held])
            sites = Sites(windows.origins[held] + start[held], owner, strand[held], sites.width)
            if len(held) < 3 or np.array_equal(before, held):
                break
        if len(held) < LEAST_SITES:
            return None
    # how often the same model accepts windows at random places
    odds, least = _model(sites, records, chance, len(pool))
    other = _windows(records, random, sites.width)
    score, _, _ = best_places(other.codes, other.offsets, odds, records.both)
    expected = int((score >= least(other.placements)).sum())
    total = len(pool) + len(random)
    p = float(hypergeom.sf(len(held) - 1, total, len(held) + expected, len(pool)))
    sites = trimmed(sites.cut(-MARGIN, sites.width + MARGIN), records, values, chance)
    return Group(sites, active[held], p) if sites.width > 1 else None


def _model(
    sites: Sites, records: Encoded, chance: Doubles, pool: int
) -> tuple[Doubles, Callable[[Ints], Doubles]]:
    """Log-odds of aligned windows, and the score that a member needs at so many placements.

    It is that at which a window contains the motif with probability 1/2, if the motif is as
    frequent as now (ZOOPS), and at least half of the mean score of the motif: two motifs that share
    a few residues would otherwise become one.
    """
    counts, _ = matrices(sites, records, np.zeros(len(records.codes), np.float32))
    shares = smoothed(counts, chance)
    odds = log_odds(shares, chance)
    mean = float((shares * odds[:, :-1]).sum())
    holding = min(max(len(sites) / pool, 0.02), 0.9)
    return odds, lambda placements: np.maximum(
        np.log(placements * (1 - holding) / holding), LEAST_OF_MEAN * mean
    )


@dataclass(frozen=True)
class _Windows:
    """Residues around seqlets in which a matrix can lie.

    Attributes
    ----------
    codes : uint8 [residues]
        Residues outside the record are ambiguous.
    offsets : int64 [windows + 1]
    origins : int64 [windows]
        First residue of each window in the array of all records.
    placements : int64 [windows]
        Number of ways to place the matrix, on the strands that are read.
    """

    codes: Codes
    offsets: Ints
    origins: Ints
    placements: Ints


def _windows(records: Encoded, seqlets: Seqlets, width: int) -> _Windows:
    """Windows in which a matrix of this width covers most of the seqlet, or the seqlet it."""
    sizes = seqlets.ends - seqlets.starts
    around = np.maximum(-(-(width - sizes) // 2), 0) + AROUND
    origins, lengths = seqlets.starts - around, sizes + 2 * around
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    rows = np.repeat(np.arange(len(sizes)), lengths)
    at = np.arange(offsets[-1]) - offsets[rows] + origins[rows]
    owner = records.record_of(seqlets.starts)
    inside = (at >= records.offsets[owner][rows]) & (at < records.offsets[owner + 1][rows])
    codes = np.minimum(records.codes[np.where(inside, at, 0)], records.symbols)
    placements = (lengths - width + 1) * (2 if records.both else 1)
    kept = np.where(inside, codes, records.symbols).astype(np.uint8)
    return _Windows(kept, offsets, origins, placements)


def _random_windows(records: Encoded, seqlets: Seqlets, rng: np.random.Generator) -> Seqlets:
    """As many spans of the same lengths at random places of the records."""
    sizes = seqlets.ends - seqlets.starts
    owner = records.record_of(rng.integers(0, len(records.codes), len(seqlets)))
    room = np.maximum(records.lengths[owner] - sizes, 0)
    starts = records.offsets[owner] + (rng.random(len(sizes)) * (room + 1)).astype(np.int64)
    ends = np.minimum(starts + sizes, records.offsets[owner + 1])
    return Seqlets(starts, ends, np.zeros(len(sizes)))
