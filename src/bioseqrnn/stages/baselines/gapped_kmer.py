"""``gapped_kmer``: counts of k-mers with gaps, as in gkm-SVM."""

from __future__ import annotations

from functools import partial
from typing import Any

from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import normalize

from bioseqrnn.onehot.words import count_words, gapped
from bioseqrnn.stages.baselines.features import residue_codes
from bioseqrnn.stages.baselines.linear import best_linear
from bioseqrnn.stages.baselines.problem import Both, Problem
from bioseqrnn.support.arrays import Ints
from bioseqrnn.tables.sequences import SequenceTable

# length of a window, and number of its informative positions
WORDS = {"dna": (8, 6), "protein": (4, 2)}
STRENGTHS = (10.0, 100.0)
MOST_RESIDUES = 4 * 10**6
MOST_ITERATIONS = 1000
# gradients of rows of length 1 with thousands of columns are small
TOLERANCE = 1e-6


def predict(problem: Problem) -> Both:
    """Logistic (or ridge) regression on counts of gapped k-mers, rows scaled to length 1.

    The inner product of two such rows is the gapped k-mer kernel of gkm-SVM (Ghandi et al., PLoS
    Comput. Biol. 10:e1003711, 2014), so this is a kernel method with an explicit feature map:
    windows of 8 with 6 informative positions for DNA, of 4 with 2 for protein. For DNA there is a
    second way of counting, with more weight on windows in the middle of a record, as in ls-gkm's
    default kernel (Lee, Bioinformatics 32:2196, 2016). The way of counting and the regularisation
    are chosen on the validation records.
    """
    ways = (False, True) if problem.alphabet == "dna" else (False,)
    features = [partial(gapped_counts, problem.table, centred=way) for way in ways]
    return best_linear(problem, features, STRENGTHS, _classifier, _regressor, MOST_RESIDUES)


def gapped_counts(table: SequenceTable, rows: Ints, *, centred: bool) -> Any:
    """Counts of gapped k-mers, each row scaled to length 1: sparse float32 [rows, words]."""
    span, informative = WORDS[table.alphabet.name]
    codes, offsets = residue_codes(table, rows)
    counts = count_words(
        codes,
        offsets,
        gapped(span, informative),
        table.alphabet.width,
        table.metadata["strands"] == "both",
        span=span,
        centred=centred,
    )
    return normalize(counts, copy=False)


def _classifier(strength: float) -> Any:
    return LogisticRegression(C=strength, max_iter=MOST_ITERATIONS, tol=TOLERANCE)


def _regressor(strength: float) -> Any:
    return Ridge(alpha=1 / strength)
