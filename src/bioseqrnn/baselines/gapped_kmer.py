"""``gapped_kmer``: counts of k-mers with gaps, as in gkm-SVM."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from bioseqrnn.baselines.heads import Linear
from bioseqrnn.baselines.linear import best_of
from bioseqrnn.baselines.model import FeatureModel, Recipe, Settings, load_features
from bioseqrnn.baselines.problem import Problem
from bioseqrnn.baselines.records import Form, Records
from bioseqrnn.baselines.stored import Stored
from bioseqrnn.baselines.targets import Targets
from bioseqrnn.onehot.windows import GappedCounts, gapped_counts
from bioseqrnn.onehot.words import count_words, gapped
from bioseqrnn.support.arrays import Ints

# length of a window, and number of its informative positions
WORDS = {"dna": (8, 6), "protein": (4, 2)}
# inverse regularisation, ascending
STRENGTHS = (10.0, 100.0)
MOST_RESIDUES = 4 * 10**6


def choices(form: Form) -> dict[str, tuple[float, ...]]:
    """Values of each setting."""
    ways = (False, True) if form.alphabet.name == "dna" else (False,)
    return {"centred": ways, "strength": STRENGTHS}


def choose(problem: Problem, train: Ints, validation: Ints) -> tuple[Settings, FeatureModel]:
    """Choose the way of counting and the regularisation on the validation records."""
    train = problem.limited(train, MOST_RESIDUES)
    targets = Targets.of(problem.form, problem.truth(train))
    ways = zip(_count(problem, train), choices(problem.form)["centred"], strict=False)
    fits = (_fit_strengths(targets, counts, bool(way), STRENGTHS) for counts, way in ways)
    return best_of(problem, validation, fits)


def fit(problem: Problem, rows: Ints, settings: Settings) -> FeatureModel:
    """Logistic (or ridge) regression on counts of gapped k-mers, rows scaled to length 1.

    The inner product of two such rows is the gapped k-mer kernel of gkm-SVM (Ghandi et al., PLoS
    Comput. Biol. 10:e1003711, 2014), so this is a kernel method with an explicit feature map:
    windows of 8 with 6 informative positions for DNA, of 4 with 2 for protein. For DNA there is a
    second way of counting (``centred``), with more weight on windows in the middle of a record, as
    in ls-gkm's default kernel (Lee, Bioinformatics 32:2196, 2016).
    """
    rows = problem.limited(rows, MOST_RESIDUES)
    targets = Targets.of(problem.form, problem.truth(rows))
    way = bool(settings["centred"])
    counts = _count(problem, rows)[way]
    # as in ``choose``, so that the same settings give the same model
    strengths = [strength for strength in STRENGTHS if strength <= float(settings["strength"])]
    return _fit_strengths(targets, counts, way, strengths)[-1]


def load(form: Form, settings: Settings, stored: Stored) -> FeatureModel:
    """Read the model of ``fit``."""
    return load_features(form, settings, stored, recipe(centred=bool(settings["centred"])))


def recipe(*, centred: bool) -> Recipe:
    """Features of a model, as columns of ``count_words``."""
    return Recipe(partial(_words, centred=centred), None, Linear.load)


def _words(records: Records, *, centred: bool) -> Iterator[Any]:
    """Yield counts of words, each row scaled to length 1: sparse float32 [records, words]."""
    codes, offsets = records.codes()
    span, informative = WORDS[records.alphabet.name]
    counts = count_words(
        codes,
        offsets,
        gapped(span, informative),
        records.alphabet.width,
        records.both_strands,
        span=span,
        centred=centred,
    )
    length = np.sqrt(counts.power(2).sum(axis=1, dtype=np.float64))
    counts.data *= np.repeat(1 / np.where(length > 0, length, 1), np.diff(counts.indptr))
    yield counts


def _count(problem: Problem, rows: Ints) -> tuple[GappedCounts, GappedCounts]:
    """Count gapped k-mers in both ways."""
    records = problem.records(rows)
    shape = WORDS[records.alphabet.name]
    return gapped_counts(*records.codes(), shape, records.alphabet.width, records.both_strands)


def _fit_strengths(
    targets: Targets, counts: GappedCounts, centred: bool, strengths: Sequence[float]
) -> list[FeatureModel]:
    """Fit a model for each strength, in order; each fit starts from the one before."""
    models, dual, own = [], None, recipe(centred=centred)
    # its models read records of any length
    unused = np.zeros(targets.form.outputs)
    for strength in strengths:
        dual = targets.fit(counts, strength, dual)
        settings: Settings = {"centred": centred, "strength": strength}
        head = targets.head(counts, dual)
        models.append(FeatureModel(targets.form, settings, own, None, head, unused))
    return models
