"""``pwm``: position weight matrices, of motifs and of whole aligned records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression, Ridge

from bioseqrnn.baselines.features import one_length
from bioseqrnn.baselines.heads import Kind, Linear
from bioseqrnn.baselines.model import (
    FeatureModel,
    Recipe,
    Settings,
    fit_records,
    load_features,
    load_length,
)
from bioseqrnn.baselines.preparation import Standard
from bioseqrnn.baselines.problem import Problem
from bioseqrnn.baselines.records import Form, Records
from bioseqrnn.baselines.stored import Arrays, Stored
from bioseqrnn.motifs.discovery import background, enriched_words, log_odds, refine, scan
from bioseqrnn.support.arrays import Bools, Doubles, Ints
from bioseqrnn.tasks.task import Multilabel, Regression

# length of a seed, and number of columns of the matrix grown from it
SEED = {"dna": 6, "protein": 3}
WIDTH = {"dna": 14, "protein": 7}
# largest number of seeds for one kind of record, and for all kinds together
MOST_SEEDS, SEEDS_IN_ALL = 8, 12
# residues to search for motifs; more do not improve a matrix
MOST_RESIDUES = 200_000
# longer matrices would be profiles of a family, which need an alignment
LONGEST_ALIGNED = 1000
PSEUDOCOUNT = 0.5
MOST_ITERATIONS = 2000


def fit(problem: Problem, rows: Ints, settings: Settings) -> FeatureModel:
    """Logistic (or ridge) regression on the scores of position weight matrices.

    For each class, label, or the highest third of values, words that are enriched in its records
    are grown into motifs (MEME's model with zero or one occurrence per record). Every record is
    scored by the best hit and by all hits of each motif, on both strands if they are equivalent. If
    all records have the same length, they are also scored by a matrix over the whole length for
    each kind: a naive Bayes classifier of positions (Stormo, Bioinformatics 16:16, 2000), the usual
    model of splice sites and other aligned signals.
    """
    return fit_records(problem, rows, _recipe(find_matrices(problem, rows)), settings)


def load(form: Form, settings: Settings, stored: Stored) -> FeatureModel:
    """Read the model of ``fit``."""
    length = load_length(stored, LONGEST_ALIGNED)
    extra = stored.within("extra")
    columns = form.alphabet.width + 1
    motifs = extra.take("motifs", np.float64, None, WIDTH[form.alphabet.name], columns)
    aligned = None
    if length is not None:
        aligned = extra.take("aligned", np.float64, None, length, columns)
    extra.finish()
    return load_features(form, settings, stored, _recipe(Matrices(motifs, aligned)))


@dataclass(frozen=True)
class Matrices:
    """The matrices that score records.

    Attributes
    ----------
    motifs : float64 [motifs, width, symbols + 1]
        Log-odds of motifs.
    aligned : float64 [kinds, length, symbols + 1] or None
        Log-odds of whole records.
    """

    motifs: Doubles
    aligned: Doubles | None

    def arrays(self) -> Arrays:
        """The matrices that there are."""
        return {"motifs": self.motifs} | ({} if self.aligned is None else {"aligned": self.aligned})

    def score(self, records: Records) -> Iterator[Doubles]:
        """Yield scores, float64 [n, 2 * motifs + kinds]; a column of zeros if no matrix exists."""
        codes, offsets = records.codes()
        parts = [scan(codes, offsets, motif, records.both_strands) for motif in self.motifs]
        if self.aligned is not None:
            letters = codes.reshape(len(records), -1)
            places = np.arange(letters.shape[1])
            parts += [matrix[places, letters].sum(axis=1)[:, None] for matrix in self.aligned]
        yield np.concatenate(parts or [np.zeros((len(records), 1))], axis=1)


def _recipe(matrices: Matrices) -> Recipe:
    kind = Kind(partial(LogisticRegression, max_iter=MOST_ITERATIONS), Ridge, Linear.of)
    length = None if matrices.aligned is None else matrices.aligned.shape[1]
    return Recipe(matrices.score, kind, Linear.load, Standard, length, matrices.arrays())


def find_matrices(problem: Problem, rows: Ints) -> Matrices:
    """Find the matrices of every kind of record in a dataset."""
    name, both = problem.alphabet, problem.form.both_strands
    symbols = problem.table.alphabet.width
    some = problem.limited(rows, MOST_RESIDUES)
    codes, offsets = problem.records(some).codes()
    kinds = [kind for kind in _kinds(problem, some) if kind.any() and not kind.all()]
    seeds = min(MOST_SEEDS, max(2, SEEDS_IN_ALL // max(len(kinds), 1)))
    chance = background(codes, symbols)
    motifs, aligned = [], []
    length = one_length(problem.table.lengths)
    whole = length is not None and length <= LONGEST_ALIGNED
    for kind in kinds:
        words = enriched_words(codes, offsets, kind, SEED[name], symbols, both, seeds)
        inside = codes[np.repeat(kind, np.diff(offsets))]
        ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.diff(offsets)[kind])])
        motifs += [refine(word, WIDTH[name], inside, ends, chance, both) for word in words]
        if whole:
            aligned.append(_aligned(codes.reshape(len(some), -1), kind, symbols))
    stacked = np.stack(motifs) if motifs else np.zeros((0, WIDTH[name], symbols + 1))
    return Matrices(stacked, np.stack(aligned) if aligned else None)


def _kinds(problem: Problem, rows: Ints) -> list[Bools]:
    """Masks of the records of each kind that motifs are searched in."""
    truth, task = np.asarray(problem.truth(rows)), problem.task
    if isinstance(task, Regression):
        return [truth > np.quantile(truth, 2 / 3)]
    if isinstance(task, Multilabel):
        return list(truth.T)
    if len(problem.form.classes) == 2:
        return [truth == 1]
    return [truth == code for code in range(len(problem.form.classes))]


def _aligned(letters: npt.NDArray[np.uint8], kind: Bools, symbols: int) -> Doubles:
    """Log-odds of each residue at each position, for one kind of record against the others."""

    def shares(rows: npt.NDArray[np.uint8]) -> Doubles:
        counts = (rows[:, :, None] == np.arange(symbols)).sum(axis=0) + PSEUDOCOUNT
        found: Doubles = counts / counts.sum(axis=1, keepdims=True)
        return found

    return log_odds(shares(letters[kind]), shares(letters[~kind]))
