"""``gapped_kmer``: counts of k-mers with gaps, as in gkm-SVM."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from bioseqrnn.onehot.windows import GappedCounts, gapped_counts
from bioseqrnn.stages.baselines.features import residue_codes
from bioseqrnn.stages.baselines.problem import CHUNK_RESIDUES, Both, Problem
from bioseqrnn.stages.baselines.targets import Linear, Targets
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.tables.sequences import SequenceTable

Ways = tuple[GappedCounts, GappedCounts]
Predict = Callable[[Ways], Doubles]

# length of a window, and number of its informative positions
WORDS = {"dna": (8, 6), "protein": (4, 2)}
# ways of counting that are tried
WAYS = {"dna": 2, "protein": 1}
# inverse regularisation
STRENGTHS = (10.0, 100.0)
MOST_RESIDUES = 4 * 10**6


def predict(problem: Problem) -> Both:
    """Logistic (or ridge) regression on counts of gapped k-mers, rows scaled to length 1.

    The inner product of two such rows is the gapped k-mer kernel of gkm-SVM (Ghandi et al., PLoS
    Comput. Biol. 10:e1003711, 2014), so this is a kernel method with an explicit feature map:
    windows of 8 with 6 informative positions for DNA, of 4 with 2 for protein. For DNA there is a
    second way of counting, with more weight on windows in the middle of a record, as in ls-gkm's
    default kernel (Lee, Bioinformatics 32:2196, 2016). The way of counting and the regularisation
    are chosen on the validation records.
    """
    train = problem.limited(problem.train, MOST_RESIDUES)
    targets = Targets.of(problem.task, problem.classes, problem.truth(train))
    tabulate = partial(count_both_ways, problem.table)
    # records of one part are counted once for all choices
    few = int(problem.table.lengths[problem.validation].sum()) <= CHUNK_RESIDUES
    kept = tabulate(problem.validation) if few else None
    best: tuple[float, Doubles, int, float, Linear] | None = None
    model = None
    for way, counts in enumerate(tabulate(train)[: WAYS[problem.alphabet]]):
        for strength in STRENGTHS:
            # each fit starts from the one before
            model = targets.fit(counts, strength, model)
            predict_part = _scorer(targets, counts, model, way)
            scores = problem.scores(
                problem.validation, lambda part: kept or tabulate(part), predict_part
            )
            loss = problem.loss(scores)
            if best is None or loss < best[0]:
                best = loss, scores, way, strength, model
    assert best is not None
    _, validation, way, strength, model = best
    both = problem.limited(problem.fitted, MOST_RESIDUES)
    targets = Targets.of(problem.task, problem.classes, problem.truth(both))
    counts = tabulate(both)[way]
    begun = np.array_equal(both[: len(train)], train) and model.alpha.shape[1] == targets.outputs
    model = targets.fit(counts, strength, model if begun else None)
    predict_part = _scorer(targets, counts, model, way)
    return validation, problem.scores(problem.test, tabulate, predict_part)


def count_both_ways(table: SequenceTable, rows: Ints) -> Ways:
    """Scaled counts of gapped k-mers: of all windows alike, and more of those in the middle."""
    codes, offsets = residue_codes(table, rows)
    both = table.metadata["strands"] == "both"
    shape = WORDS[table.alphabet.name]
    return gapped_counts(codes, offsets, shape, table.alphabet.width, both)


def _scorer(targets: Targets, counts: GappedCounts, model: Linear, way: int) -> Predict:
    """Function from counts of any records to their scores, for a model fitted to ``counts``."""
    weights = counts.turned_times(model.alpha)
    return lambda part: targets.finish(part[way].times(weights) + model.intercept)
