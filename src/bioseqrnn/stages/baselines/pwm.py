"""``pwm``: position weight matrices, of motifs and of whole aligned records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bioseqrnn.motifs.discovery import background, enriched_words, log_odds, refine, scan
from bioseqrnn.stages.baselines.features import one_length, residue_codes
from bioseqrnn.stages.baselines.heads import Predict, fit_head
from bioseqrnn.stages.baselines.problem import Both, Problem
from bioseqrnn.support.arrays import Bools, Doubles, Ints
from bioseqrnn.tables.sequences import SequenceTable
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


def predict(problem: Problem) -> Both:
    """Logistic (or ridge) regression on the scores of position weight matrices.

    For each class, label, or the highest third of values, words that are enriched in its records
    are grown into motifs (MEME's model with zero or one occurrence per record). Every record is
    scored by the best hit and by all hits of each motif, on both strands if they are equivalent. If
    all records have the same length, they are also scored by a matrix over the whole length for
    each kind: a naive Bayes classifier of positions (Stormo, Bioinformatics 16:16, 2000), the usual
    model of splice sites and other aligned signals.
    """

    def fit(rows: Ints) -> tuple[Matrices, Predict]:
        found = find_matrices(problem, rows)
        features = found.score(problem.table, rows)
        head = fit_head(
            problem.task, problem.classes, problem.truth(rows), features, _classifier, _regressor
        )
        return found, head

    def scores(fitted: Ints, rows: Ints) -> Doubles:
        found, head = fit(fitted)
        return problem.scores(rows, lambda part: found.score(problem.table, part), head)

    return scores(problem.train, problem.validation), scores(problem.fitted, problem.test)


def _classifier() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=MOST_ITERATIONS))


def _regressor() -> Any:
    return make_pipeline(StandardScaler(), Ridge())


@dataclass(frozen=True)
class Matrices:
    """The matrices that score records.

    Attributes
    ----------
    motifs : list of float64 [width, symbols + 1]
        Log-odds of motifs.
    aligned : float64 [kinds, length, symbols + 1] or None
        Log-odds of whole records.
    """

    motifs: list[Doubles]
    aligned: Doubles | None

    def score(self, table: SequenceTable, rows: Ints) -> Doubles:
        """Scores, float64 [rows, 2 * motifs + kinds]; one column of zeros if no matrix exists."""
        codes, offsets = residue_codes(table, rows)
        both = table.metadata["strands"] == "both"
        parts = [scan(codes, offsets, motif, both) for motif in self.motifs]
        if self.aligned is not None:
            letters = codes.reshape(len(rows), -1)
            places = np.arange(letters.shape[1])
            parts += [matrix[places, letters].sum(axis=1)[:, None] for matrix in self.aligned]
        return np.concatenate(parts or [np.zeros((len(rows), 1))], axis=1)


def find_matrices(problem: Problem, rows: Ints) -> Matrices:
    """Find the matrices of every kind of record in a dataset."""
    table, name = problem.table, problem.alphabet
    symbols = table.alphabet.width
    some = problem.limited(rows, MOST_RESIDUES)
    codes, offsets = residue_codes(table, some)
    kinds = [kind for kind in _kinds(problem, some) if kind.any() and not kind.all()]
    seeds = min(MOST_SEEDS, max(2, SEEDS_IN_ALL // max(len(kinds), 1)))
    chance = background(codes, symbols)
    motifs, aligned = [], []
    whole = one_length(table) and len(codes) <= LONGEST_ALIGNED * len(some)
    for kind in kinds:
        words = enriched_words(
            codes, offsets, kind, SEED[name], symbols, problem.both_strands, seeds
        )
        inside = codes[np.repeat(kind, np.diff(offsets))]
        ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.diff(offsets)[kind])])
        motifs += [
            refine(word, WIDTH[name], inside, ends, chance, problem.both_strands) for word in words
        ]
        if whole:
            aligned.append(_aligned(codes.reshape(len(some), -1), kind, symbols))
    return Matrices(motifs, np.stack(aligned) if aligned else None)


def _kinds(problem: Problem, rows: Ints) -> list[Bools]:
    """Masks of the records of each kind that motifs are searched in."""
    truth, task = np.asarray(problem.truth(rows)), problem.task
    if isinstance(task, Regression):
        return [truth > np.quantile(truth, 2 / 3)]
    if isinstance(task, Multilabel):
        return list(truth.T)
    if len(problem.classes) == 2:
        return [truth == 1]
    return [truth == code for code in range(len(problem.classes))]


def _aligned(letters: npt.NDArray[np.uint8], kind: Bools, symbols: int) -> Doubles:
    """Log-odds of each residue at each position, for one kind of record against the others."""

    def shares(rows: npt.NDArray[np.uint8]) -> Doubles:
        counts = (rows[:, :, None] == np.arange(symbols)).sum(axis=0) + PSEUDOCOUNT
        found: Doubles = counts / counts.sum(axis=1, keepdims=True)
        return found

    return log_odds(shares(letters[kind]), shares(letters[~kind]))
