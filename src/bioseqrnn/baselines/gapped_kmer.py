"""``gapped_kmer``: counts of k-mers with gaps, as in gkm-SVM."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import normalize

from bioseqrnn.baselines.heads import Kind, Linear
from bioseqrnn.baselines.linear import choose_linear
from bioseqrnn.baselines.model import FeatureModel, Recipe, Settings, fit_records, load_features
from bioseqrnn.baselines.problem import Problem
from bioseqrnn.baselines.records import Form, Records
from bioseqrnn.baselines.stored import Stored
from bioseqrnn.onehot.words import count_words, gapped
from bioseqrnn.support.arrays import Ints

# length of a window, and number of its informative positions
WORDS = {"dna": (8, 6), "protein": (4, 2)}
STRENGTHS = (10.0, 100.0)
MOST_RESIDUES = 4 * 10**6
MOST_ITERATIONS = 1000
# gradients of rows of length 1 with thousands of columns are small
TOLERANCE = 1e-6


def choices(form: Form) -> dict[str, tuple[float, ...]]:
    """Values of each setting."""
    ways = (False, True) if form.alphabet.name == "dna" else (False,)
    return {"centred": ways, "strength": STRENGTHS}


def choose(problem: Problem, train: Ints, validation: Ints) -> tuple[Settings, FeatureModel]:
    """Choose the way of counting and the regularisation on the validation records."""
    tried: list[Settings] = [
        {"centred": way, "strength": strength}
        for way in choices(problem.form)["centred"]
        for strength in STRENGTHS
    ]
    train = problem.limited(train, MOST_RESIDUES)
    return choose_linear(problem, train, validation, tried, _recipe)


def fit(problem: Problem, rows: Ints, settings: Settings) -> FeatureModel:
    """Logistic (or ridge) regression on counts of gapped k-mers, rows scaled to length 1.

    The inner product of two such rows is the gapped k-mer kernel of gkm-SVM (Ghandi et al., PLoS
    Comput. Biol. 10:e1003711, 2014), so this is a kernel method with an explicit feature map:
    windows of 8 with 6 informative positions for DNA, of 4 with 2 for protein. For DNA there is a
    second way of counting (``centred``), with more weight on windows in the middle of a record, as
    in ls-gkm's default kernel (Lee, Bioinformatics 32:2196, 2016).
    """
    rows = problem.limited(rows, MOST_RESIDUES)
    return fit_records(problem, rows, _recipe(settings), settings)


def load(form: Form, settings: Settings, stored: Stored) -> FeatureModel:
    """Read the model of ``fit``."""
    return load_features(form, settings, stored, _recipe(settings))


def _recipe(settings: Settings) -> Recipe:
    strength = float(settings["strength"])
    kind = Kind(
        partial(LogisticRegression, C=strength, max_iter=MOST_ITERATIONS, tol=TOLERANCE),
        partial(Ridge, alpha=1 / strength),
        Linear.of,
    )
    counts = partial(_counts, centred=bool(settings["centred"]))
    return Recipe(counts, kind, Linear.load)


def _counts(records: Records, *, centred: bool) -> Iterator[Any]:
    yield gapped_counts(records, centred=centred)


def gapped_counts(records: Records, *, centred: bool) -> Any:
    """Counts of gapped k-mers, each row scaled to length 1: sparse float32 [n, words]."""
    span, informative = WORDS[records.alphabet.name]
    codes, offsets = records.codes()
    counts = count_words(
        codes,
        offsets,
        gapped(span, informative),
        records.alphabet.width,
        records.both_strands,
        span=span,
        centred=centred,
    )
    return normalize(counts, copy=False)
