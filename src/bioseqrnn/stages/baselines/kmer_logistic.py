"""``kmer_logistic``: logistic regression on k-mer counts."""

from __future__ import annotations

from functools import partial
from typing import Any

from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bioseqrnn.stages.baselines import positions
from bioseqrnn.stages.baselines.features import kmer_counts
from bioseqrnn.stages.baselines.linear import best_linear
from bioseqrnn.stages.baselines.problem import Both, Problem
from bioseqrnn.support.arrays import Ints

LONGEST_KMER = {"dna": 6, "protein": 3}
# inverse regularisation, chosen on the validation records
STRENGTHS = (0.1, 1.0, 10.0, 100.0)
MOST_RESIDUES = 2 * 10**7
MOST_ITERATIONS = 2000
# for labels per residue: residues on each side, and the longest k-mer counted there
REACH = {"dna": 60, "protein": 8}
LONGEST_NEAR = {"dna": 3, "protein": 1}


def predict(problem: Problem) -> Both:
    """Logistic (or ridge) regression on TF-IDF of k-mers (k = 1–6 for DNA, 1–3 for protein).

    The regularisation with the lowest loss on the validation records is chosen; the model is then
    fitted to training and validation records together. For labels per residue: on the k-mers of a
    window around each; for DNA, counted separately by codon phase relative to the residue.
    """
    name = problem.alphabet
    if problem.task.per_position:
        near = partial(positions.near_kmers, reach=REACH[name], longest=LONGEST_NEAR[name])
        return positions.from_both(problem, near, _near_classifier, Ridge)

    def counts(rows: Ints) -> Any:
        return kmer_counts(problem.table, rows, LONGEST_KMER[name])

    return best_linear(problem, [counts], STRENGTHS, _classifier, _regressor, MOST_RESIDUES)


def _classifier(strength: float) -> Any:
    return make_pipeline(
        TfidfTransformer(), LogisticRegression(C=strength, max_iter=MOST_ITERATIONS)
    )


def _regressor(strength: float) -> Any:
    return make_pipeline(TfidfTransformer(), Ridge(alpha=1 / strength))


def _near_classifier() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=MOST_ITERATIONS))
