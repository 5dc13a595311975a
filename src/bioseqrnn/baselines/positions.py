"""Features of single residues, from windows around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from bioseqrnn.baselines.model import FeatureModel, Recipe, Settings, fit_features
from bioseqrnn.baselines.problem import Problem
from bioseqrnn.baselines.records import Records
from bioseqrnn.support.arrays import Codes, Floats, Ints
from bioseqrnn.support.console import say
from bioseqrnn.tasks import PositionTruth

# largest number of residues that a model is fitted to, drawn at random
MOST_RESIDUES = 100_000
RESIDUES_AT_ONCE = 2**14
# computes features [places, columns] from codes, offsets, places and the number of symbols
Features = Callable[[Codes, Ints, Ints, int], Floats]
# number of codon phases, by the number of symbols of the alphabet
PHASES = {4: 3, 20: 1}


def around(codes: Codes, offsets: Ints, places: Ints, reach: int, symbols: int) -> Codes:
    """Windows of ``2 * reach + 1`` residues: uint8 [n, width], ``symbols`` past a record's end.

    Parameters
    ----------
    codes : uint8 [residues]
    offsets : int64 [records + 1]
    places : int64 [n]
        Index of the residue in the middle of each window, counted over all records.
    """
    record = np.searchsorted(offsets, places, side="right") - 1
    index = places[:, None] + np.arange(-reach, reach + 1)
    inside = (index >= offsets[record][:, None]) & (index < offsets[record + 1][:, None])
    return np.where(inside, codes[np.where(inside, index, 0)], np.uint8(symbols))


def kmers_by_phase(windows: Codes, symbols: int, longest: int, phases: int) -> Floats:
    """Count k-mers of windows by their start, relative to the middle, modulo ``phases``.

    Returns
    -------
    float32 [n, phases * k-mers of 1 to ``longest``]
    """
    n, width = windows.shape
    phase = (np.arange(width) - width // 2) % phases
    parts = []
    word = np.zeros(windows.shape, np.int64)
    known = np.ones(windows.shape, bool)
    for k in range(1, longest + 1):
        last = windows[:, k - 1 :]
        word = word[:, : last.shape[1]] * symbols + last
        known = known[:, : last.shape[1]] & (last < symbols)
        columns = symbols**k * phases
        cell = (np.arange(n) * columns)[:, None] + phase[: last.shape[1]] * symbols**k + word
        counts = np.bincount(cell[known], minlength=n * columns)
        parts.append(counts.reshape(n, columns).astype(np.float32))
    return np.concatenate(parts, axis=1)


def window_shares(
    codes: Codes, offsets: Ints, places: Ints, symbols: int, *, reaches: tuple[int, ...]
) -> Floats:
    """Residue composition of windows of several sizes: float32 [n, sizes * symbols]."""
    widest = around(codes, offsets, places, max(reaches), symbols)
    middle = max(reaches)
    parts = []
    for reach in reaches:
        counts = kmers_by_phase(widest[:, middle - reach : middle + reach + 1], symbols, 1, 1)
        parts.append(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))
    return np.concatenate(parts, axis=1)


def near_kmers(
    codes: Codes, offsets: Ints, places: Ints, symbols: int, *, reach: int, longest: int
) -> Floats:
    """K-mers of a window; for DNA, by codon phase relative to its middle."""
    windows = around(codes, offsets, places, reach, symbols)
    return kmers_by_phase(windows, symbols, longest, PHASES[symbols])


def letters_and_kmers(
    codes: Codes,
    offsets: Ints,
    places: Ints,
    symbols: int,
    *,
    near: int,
    reach: int,
    longest: int,
) -> Floats:
    """One-hot letters of a narrow window and k-mers of a wider one, side by side."""
    windows = around(codes, offsets, places, near, symbols)
    letters = np.eye(symbols + 1, symbols, dtype=np.float32)[windows].reshape(len(places), -1)
    kmers = near_kmers(codes, offsets, places, symbols, reach=reach, longest=longest)
    return np.concatenate([letters, kmers], axis=1)


def tables(features: Features, records: Records) -> Iterator[Floats]:
    """Yield the features of all residues of some records, of 16,384 residues at a time."""
    codes, offsets = records.codes()
    yield from _tabulate(features, codes, offsets, np.arange(len(codes)), records.alphabet.width)


def fit(
    problem: Problem, rows: Ints, features: Features, recipe: Recipe, settings: Settings
) -> FeatureModel:
    """Fit a model of single residues to a sample of the residues of some records."""
    codes, offsets = problem.records(rows).codes()
    truth = problem.truth(rows)
    assert isinstance(truth, PositionTruth)
    places = _sample(len(codes), problem.seed)
    parts = _tabulate(features, codes, offsets, places, problem.table.alphabet.width)
    # treat each residue as a record of its own
    labels = PositionTruth(truth.codes[places], np.arange(len(places) + 1))
    return fit_features(problem, labels, np.concatenate(list(parts)), recipe, settings)


def _sample(residues: int, seed: int) -> Ints:
    """Indices of the residues used for fitting, ascending."""
    if residues <= MOST_RESIDUES:
        return np.arange(residues)
    say(f"fitted to {MOST_RESIDUES:,} of {residues:,} residues, drawn at random")
    drawn = np.random.default_rng(seed).choice(residues, MOST_RESIDUES, replace=False)
    return np.sort(drawn)


def _tabulate(
    features: Features, codes: Codes, offsets: Ints, places: Ints, symbols: int
) -> Iterator[Floats]:
    """Yield the features of 16,384 residues at a time."""
    for start in range(0, len(places), RESIDUES_AT_ONCE):
        yield features(codes, offsets, places[start : start + RESIDUES_AT_ONCE], symbols)
