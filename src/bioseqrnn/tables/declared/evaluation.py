"""Files of the stages evaluation and report."""

from __future__ import annotations

from bioseqrnn.tables.declared.models import HISTORY
from bioseqrnn.tables.declared.table import (
    COUNT,
    LIST,
    NUMBER,
    OBJECT,
    TEXT,
    TRUTH,
    Column,
    Table,
)

_MODEL = Column("model", TEXT, "name; `selected` and ensembles are networks")
_KIND = Column("kind", TEXT, "`network`, `baseline` or `combined`")
_FOLD = Column("fold", COUNT, "number of the fold")
_SEED = Column("seed", COUNT, "seed of the training, of an ensemble its first")
_CLASS = Column("class", TEXT, "class against the rest, or label")
_METRIC = Column("metric", TEXT, "[metric](evaluation.md#metrics)")
_ESTIMATE = Column("estimate", NUMBER, "mean over seeds, and repeats of the folds")
_INTERVAL = (
    Column("ci_low", NUMBER, "lower end of the interval"),
    Column("ci_high", NUMBER, "upper end of the interval"),
)
_UNITS = Column("n", COUNT, "test records, or residues")


def _table(name: str, meaning: str, *columns: Column, readers: tuple[str, ...] = ()) -> Table:
    """Declare a TSV of ``evaluate`` that the report shows."""
    path = f"evaluation/{name}.tsv"
    return Table(name, path, meaning, "evaluate", (*readers, "report"), columns, in_report=True)


RUNS = _table(
    "runs", "One row for each model, fold, seed and metric: scores on the fold's test records.",
    _MODEL, _KIND, _FOLD, _SEED, _METRIC, Column("estimate", NUMBER, "of this run"), _UNITS,
)  # fmt: skip
SUMMARY = _table(
    "summary", "One row for each model and metric: all test records together.",
    _MODEL, _KIND, _METRIC, _ESTIMATE, *_INTERVAL, _UNITS,
)  # fmt: skip
COMPARISONS = _table(
    "comparisons", "One row for each pair of models and metric: paired differences.",
    Column("model", TEXT, "a network, or `combined`"),
    Column("baseline", TEXT, "what it is compared with: a baseline; for `combined`, any other row"),
    _METRIC,
    Column("difference", NUMBER, "model minus baseline"),
    *_INTERVAL,
    Column("p", NUMBER, "two-sided"),
    Column("test", TEXT, "`delong` or `bootstrap`"),
    Column(
        "p_adjusted", NUMBER,
        "corrected (Holm) for all comparisons of networks, or of `combined`, in the metric",
    ),
)  # fmt: skip
CLASSES = _table(
    "classes", "One row for each model, class (or label) and metric.",
    _MODEL, _KIND, _CLASS, _METRIC, _ESTIMATE, *_INTERVAL, _UNITS,
    Column("positives", COUNT, "records or residues of the class"),
)  # fmt: skip
CONFUSION = _table(
    "confusion", "One row for each model, true and called class.",
    _MODEL, _KIND,
    Column("target", TEXT, "true class; for multilabel `yes` or `no`"),
    Column("called", TEXT, "called class; likewise"),
    Column("count", NUMBER, "records or residues, mean over seeds"),
    Column("label", TEXT, "for multilabel, a 2 × 2 table for each label; otherwise empty"),
    Column("at_threshold", TRUTH, "whether calls are made by the threshold"),
)  # fmt: skip
CALIBRATION = _table(
    "calibration",
    "One row for each model and bin of the reliability curve: for the called class; in multilabel "
    "for each label.",
    _MODEL, _KIND,
    Column("bin_low", NUMBER, "lower edge of the bin"),
    Column("bin_high", NUMBER, "upper edge of the bin"),
    Column("count", COUNT, "predictions in the bin"),
    Column("stated", NUMBER, "mean predicted probability"),
    Column("observed", NUMBER, "fraction of these that is true"),
    Column("calibrated", TRUTH, "whether probabilities are the calibrated ones"),
)  # fmt: skip
TEMPERATURES = _table(
    "temperatures", "One row for each model, fold and seed.",
    _MODEL, _KIND, _FOLD, _SEED,
    Column("temperature", NUMBER, "what logits are divided by"),
    Column("n", COUNT, "validation records or residues that it was fitted on"),
)  # fmt: skip
WEIGHTS = _table(
    "weights", "One row a combination, fold, seed and method that is combined.",
    Column("model", TEXT, "`combined` or `combined_without_network`"),
    _FOLD, _SEED,
    Column("member", TEXT, "name of the network or baseline"),
    Column("kind", TEXT, "`network` or `baseline`"),
    Column("weight", NUMBER, "factor of its calibrated logits, or deviations in regression"),
    Column("fraction", NUMBER, "weight divided by the sum of the weights"),
    Column("n", COUNT, "validation records that the weights were fitted on"),
)  # fmt: skip
THRESHOLDS = _table(
    "thresholds", "One row for each model, fold, seed and class.",
    _MODEL, _KIND, _FOLD, _SEED,
    Column("class", TEXT, "the positive class, or a label"),
    Column("aim", TEXT, "what the threshold is chosen for"),
    Column("threshold", NUMBER, "probability from which the class is called"),
    Column("validation", NUMBER, "value of the aim on validation records"),
    Column("n", COUNT, "test records"),
    Column("mcc", NUMBER, "on test records"),
    Column("f1", NUMBER, "on test records"),
    Column("precision", NUMBER, "on test records"),
    Column("recall", NUMBER, "on test records"),
)  # fmt: skip
CONFORMAL = _table(
    "conformal",
    "One row for each class and error rate: how often the prediction sets of the final model "
    "contain the class of its test records ([domain.md](domain.md)). Limits for the records of a "
    "fold come from the other folds.",
    Column("model", TEXT, "the row of the final model"),
    Column("error_rate", NUMBER, "stated error rate"),
    Column("class", TEXT, "true class or label of the records; empty for regression"),
    Column("coverage", NUMBER, "fraction of the records whose set contains the class"),
    Column(
        "coverage_groups", NUMBER,
        "the same with equal weight for every group of similar records; the stated error rate is "
        "about this",
    ),
    Column("size", NUMBER, "mean number of classes in a set; regression: width of the interval"),
    Column("empty", NUMBER, "fraction of these records with an empty set"),
    Column("single", NUMBER, "fraction of these records with a set of one class"),
    Column("n", COUNT, "test records of the class"),
    Column("groups", COUNT, "groups that they are in"),
)  # fmt: skip
STRATA = _table(
    "strata", "One row for each model and part of the records.",
    _MODEL, _KIND,
    Column("stratum", TEXT, "`length`, `gc`, `source` or `group`"),
    Column("bin", TEXT, "the part, in words"),
    Column("low", NUMBER, "lower edge of length or G+C fraction, otherwise empty"),
    Column("high", NUMBER, "upper edge of length or G+C fraction, otherwise empty"),
    Column("metric", TEXT, "the headline"),
    _ESTIMATE, *_INTERVAL,
    Column("n", COUNT, "records"),
)  # fmt: skip
HISTORIES = _table(
    "histories", "`history.tsv` of every training, one below the other.",
    Column("model", TEXT, "name of the network"),
    _FOLD, _SEED, *HISTORY.columns,
)  # fmt: skip
CURVES = Table(
    "curves", "evaluation/curves.parquet",
    "Points of ROC and precision-recall curves: the first seed, calibrated.",
    "evaluate", ("report",),
    (
        _MODEL, _KIND, _CLASS,
        Column("curve", TEXT, "`roc` or `pr`"),
        Column("x", NUMBER, "false positive rate, or recall"),
        Column("y", NUMBER, "true positive rate, or precision"),
        Column("threshold", NUMBER, "from which units are called"),
    ),
    format=1, in_report=True,
    metadata=(
        Column("classes", LIST, "as in `sequences.parquet`"),
    ),
)  # fmt: skip
SELECTED = Table(
    "selection", "evaluation/selected.json",
    "Which configuration the final model gets, and how its scores are read.",
    "evaluate", ("train", "search", "report"),
    (
        Column("model", TEXT, "the selected network"),
        Column("config", OBJECT, "its settings; null of a searched model"),
        Column("epochs", COUNT, "median of the best epochs"),
        Column("networks", OBJECT, "`config` and `epochs` of every network, by name"),
        Column("criterion", TEXT, "what was minimised, in words"),
        Column("candidates", LIST, "`model`, `validation_loss`, `runs` of every network"),
        Column("devices", LIST, "what trained"),
        Column("task", TEXT, "as in `sequences.parquet`"),
        Column("headline", TEXT, "the metric that is shown first"),
        Column(
            "row", TEXT,
            "the model in the tables whose score is that of the procedure: `selected`, or the only "
            "network",
        ),
        Column("metrics", OBJECT, "of `model`"),
        Column("temperature", NUMBER, "a number, or null in regression"),
        Column("thresholds", OBJECT, "class → number; empty where none is chosen"),
        Column(
            "called", OBJECT,
            "class → the fraction of validation records that reach it, or null",
        ),
        Column(
            "positives", OBJECT,
            "class → number of these records with or without it, whichever is smaller",
        ),
        Column("aim", TEXT, "what thresholds are chosen for"),
        Column(
            "final", OBJECT,
            "the final model: `name` (`combined`, or a single method), `row` (in the tables), "
            "`criterion`, `candidates`, `members` (`name`, `kind`, `weight`, `temperature`, and of "
            "a baseline the `settings` on which the folds agreed), `centre`, `metrics`, and "
            "`temperature`, `thresholds`, `called`, `positives`, `aim` of its scores; `conformal`: "
            "`error_rate`, `least` (class → probability from which it is in the prediction set), "
            "`width` (of the interval in regression, on either side), `groups` (number of draws)",
        ),
    ),
)  # fmt: skip

RANDOM_FOLDS = Table(
    "random_folds", "evaluation/random_folds.tsv",
    "One row for each model of `folds.compare_random` and metric. The random folds are "
    "`random/folds.parquet`.",
    "compare-random", ("report",),
    (
        _MODEL, _KIND, _METRIC,
        Column("grouped", NUMBER, "estimate on the folds of the dataset"),
        Column("random", NUMBER, "estimate on random folds"),
        Column("difference", NUMBER, "random minus grouped"),
        Column("n", COUNT, "test records"),
    ),
)  # fmt: skip
LEARNING_CURVE = Table(
    "learning_curve", "evaluation/learning_curve.tsv",
    "One row for each model, fraction and metric: [scores by the number of training "
    "records](learning_curve.md).",
    "learning-curve", ("report",),
    (
        _MODEL, _KIND,
        Column("fraction", NUMBER, "of the training and validation records of a fold"),
        Column("records", NUMBER, "number of these records, mean over folds"),
        Column("metric", TEXT, "`loss` or `accuracy`"),
        Column("estimate", NUMBER, "over all test records"),
        *_INTERVAL,
        Column(
            "gain", NUMBER,
            "how much the loss falls, or the accuracy rises, from the next smaller fraction",
        ),
        Column("gain_low", NUMBER, "lower end of its interval"),
        Column("gain_high", NUMBER, "upper end of its interval"),
        Column(
            "extrapolated", TRUTH,
            "true for fraction 2: the loss that a power law predicts for twice the records",
        ),
    ),
    in_report=True,
)  # fmt: skip

FOLD_SIZES = Table(
    "folds", "report/tables/folds.tsv", "One row for each fold and role.", "report", (),
    (
        Column("fold", COUNT, "number of the fold"),
        Column("role", TEXT, "`train`, `validation`, `test` or `excluded`"),
        Column("records_{class}", COUNT, "how many records are of the class", optional=True),
        Column("residues_{class}", COUNT, "per position: how many residues", optional=True),
        Column("records", COUNT, "regression: how many records", optional=True),
    ),
    in_report=True,
)  # fmt: skip
PROVENANCE = Table(
    "provenance", "report/tables/provenance.tsv",
    "Software, settings and checksums of the input files.", "report", (),
    (Column("what", TEXT, "name"), Column("value", TEXT, "value")),
    in_report=True,
)  # fmt: skip

# the TSV files of ``evaluate``, in the order in which it writes them
EVALUATED = (
    RUNS, SUMMARY, COMPARISONS, WEIGHTS, CLASSES, TEMPERATURES, THRESHOLDS, CONFORMAL, STRATA,
    CALIBRATION, CONFUSION, HISTORIES,
)  # fmt: skip
