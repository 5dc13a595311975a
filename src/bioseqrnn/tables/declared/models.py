"""Files of the stages training, baselines, search, diagnosis, prediction and transfer."""

from __future__ import annotations

from bioseqrnn.tables.declared.table import (
    COUNT,
    LABEL,
    LIST,
    NUMBER,
    OBJECT,
    TEXT,
    TRUTH,
    Column,
    Table,
)

_MODEL = Column("model", TEXT, "name of the network or baseline")
_PROBABILITY = (
    Column(
        "probability_{class}", NUMBER, "one column a class; per position a list", optional=True
    ),
    Column("value", NUMBER, "for regression, instead of probabilities", optional=True),
)  # fmt: skip

PREDICTIONS = Table(
    "predictions", "{models, baselines}/{model}/fold-{fold}/…/predictions.parquet",
    "One row for each validation or test record of one fold: one schema for networks and "
    "baselines. Probabilities are not calibrated.",
    "train, baseline", ("evaluate", "learning-curve", "compare-random"),
    (
        Column("id", TEXT, "as in `sequences.parquet`"),
        Column("role", TEXT, "`validation` or `test`"),
        Column("fold", COUNT, "number of the fold"),
        Column("seed", COUNT, "seed of the training"),
        _MODEL,
        Column("target", LABEL, "as the column `label` of `sequences.parquet`"),
        *_PROBABILITY,
    ),
    format=2,
    metadata=(
        Column("model", TEXT, "as the column"),
        Column("kind", TEXT, "`network` or `baseline`"),
        Column("fold", COUNT, "as the column"),
        Column("seed", COUNT, "as the column"),
        Column("task", TEXT, "as in `sequences.parquet`"),
        Column("classes", LIST, "as in `sequences.parquet`"),
        Column("records", COUNT, "number of training and validation records", optional=True),
        Column("fraction", NUMBER, "their fraction of the records of the fold", optional=True),
        Column(
            "own", OBJECT, "distribution of the model's scores on its training records",
            optional=True
        ),
        Column(
            "chosen", OBJECT, "settings of a baseline that validation records chose", optional=True
        ),
    ),
)  # fmt: skip

HISTORY = Table(
    "history", "models/{model}/fold-{fold}/seed-{seed}/history.tsv", "One row an epoch.",
    "train", ("evaluate",),
    (
        Column("epoch", COUNT, "from 1"),
        Column(
            "learning_rate", NUMBER,
            "after the last step of the epoch; halved where training diverged",
        ),
        Column(
            "train_loss", NUMBER,
            "mean cross-entropy in nats (regression: squared error), with dropout, over the epoch "
            "as the weights changed",
        ),
        Column("gradient_norm", NUMBER, "mean norm of the gradient of a step, before clipping"),
        Column(
            "gradient_norm_max", NUMBER,
            "largest norm of a step: means that fall towards 0 are vanishing gradients, a maximum "
            "far above the mean exploding ones",
        ),
        Column(
            "clipped", NUMBER,
            "fraction of the steps whose gradient was longer than `gradient_clip`, and was scaled",
        ),
        Column(
            "halvings", COUNT,
            "how often, until then, the learning rate was halved after a divergence "
            "([training.md](training.md))",
        ),
        Column("validation_loss", NUMBER, "of the validation records, without dropout"),
        Column(
            "validation_{metric}", NUMBER,
            "`accuracy`, or `r2` for regression; `auprc` if it selects the epoch",
        ),
    ),
)  # fmt: skip

_TRIAL = (
    Column("state", TEXT, "`complete` or `pruned`"),
    Column("value", NUMBER, "mean over the inner folds; empty for pruned trials"),
    Column("losses", TEXT, "of the inner folds, separated by commas"),
    Column("epochs", TEXT, "best epochs of the inner folds, separated by commas"),
    Column("worker", COUNT, "number of the worker"),
    Column("own", TRUTH, "whether these are the model's own settings"),
    Column("why", TEXT, "why a training gave up"),
    Column("{setting}", OBJECT, "each searched setting (a list as JSON)"),
)
WORKER_TRIALS = Table(
    "table of trials", "search/{model}/{fold-k, final}/worker-{i}.tsv",
    "One row for each trial that was done when the worker ended.",
    "search", ("search",),
    (
        Column("number", COUNT, "Optuna's, with gaps where a trial was interrupted and repeated"),
        *_TRIAL,
    ),
)  # fmt: skip
TRIALS = Table(
    "search", "search/{model}/{fold-k, final}/trials.tsv",
    "One row for each trial of the budget; the report puts those of all searches into one table.",
    "search", ("report",),
    (
        _MODEL,
        Column("fold", TEXT, "number of the fold, or `final`"),
        Column("chosen", TRUTH, "whether this is the best trial"),
        Column("trial", COUNT, "from 0"),
        *_TRIAL,
    ),
    in_report=True,
)  # fmt: skip
CHOSEN = Table(
    "result of a search", "search/{model}/{fold-k, final}/chosen.json",
    "What a search chose.",
    "search", ("train",),
    (
        Column("model", TEXT, "the searched model"),
        Column("fold", COUNT, "the fold whose training records were searched; null: all records"),
        Column("config", OBJECT, "the settings; null if another model is the final model"),
        Column("epochs", COUNT, "median of the best epochs of the inner folds"),
        Column("searched", OBJECT, "the chosen values of the searched settings"),
        Column("trial", COUNT, "number of the best trial"),
        Column("value", NUMBER, "its value"),
        Column("own_value", NUMBER, "the value of the model's own settings, or null"),
        Column("trials", COUNT, "number of trials"),
        Column("pruned", COUNT, "how many of them were pruned"),
        Column("inner_folds", COUNT, "number of inner folds"),
        Column("criterion", TEXT, "what was minimised, in words"),
    ),
)  # fmt: skip

GRADIENTS = Table(
    "gradients", "diagnosis/gradients.tsv",
    "One row for each model, layer, direction and k ([what is measured](diagnosis.md)).",
    "diagnose", ("report",),
    (
        _MODEL,
        Column("cell", TEXT, "`rnn`, `gru` or `lstm`"),
        Column("layer", COUNT, "from 1"),
        Column("direction", TEXT, "`forward` or `reverse`"),
        Column(
            "k", COUNT,
            "residues back from the last residue that the direction reads; steps in a network per "
            "position",
        ),
        Column(
            "q10", NUMBER,
            "10 % quantile of the spectral norm of ∂h(T)/∂s(T-k) over records (and runs of one "
            "name)",
        ),
        Column("median", NUMBER, "median of the same"),
        Column("q90", NUMBER, "90 % quantile of the same"),
        Column(
            "bound", NUMBER, "σ₁(W_hh)^k, only for a vanilla RNN (the largest of several runs)"
        ),
        Column("n", COUNT, "number of norms: of records longer than k"),
    ),
    in_report=True,
)  # fmt: skip

QUERY_PREDICTIONS = Table(
    "query predictions", "predictions/{query}.parquet",
    "One row for each record of the query, in its order; the same as `.tsv` and `.tsv.gz`, without "
    "lists.",
    "predict", (),
    (
        Column(
            "file", TEXT,
            "the FASTA file of the record, as it was given; only if there are several",
            optional=True,
        ),
        Column("id", TEXT, "as of `sequences.parquet`; empty if the header has none"),
        Column(
            "start", COUNT, "per position only: residue (from 0) that the row begins with",
            optional=True,
        ),
        Column("length", COUNT, "residues; if it was refused, characters that are no gaps"),
        Column(
            "call", TEXT,
            "two classes: by the model's threshold; more classes: the most probable; multilabel: "
            "all labels that reach their threshold, joined by `;`; per position: one character for "
            "each residue; not for regression",
            optional=True,
        ),
        *_PROBABILITY,
        Column(
            "threshold_{class}", NUMBER,
            "the probability from which that class is called, the same in every row: for two "
            "classes of the positive one, for multilabel of each label; without such a column the "
            "most probable class is called",
            optional=True,
        ),
        Column(
            "{member}:…", NUMBER,
            "with `--members`: the same scores by each network and baseline of a combined model, "
            "like `gru:probability_{class}`",
            optional=True,
        ),
        Column(
            "members_mean", NUMBER,
            "of a combined model: mean over its members, by weight, of the probability of the most "
            "probable class (multilabel: of all labels), or of the value; not per position",
            optional=True,
        ),
        Column("members_sd", NUMBER, "standard deviation of the same", optional=True),
        Column(
            "members_disagree", NUMBER,
            "fraction of the members, by weight, for which another class is the most probable one "
            "(multilabel: mean over labels, on the other side of 0.5); not for regression",
            optional=True,
        ),
        Column(
            "prediction_set", TEXT,
            "classes that cannot be excluded at the error rate of the model, joined by `|`; may be "
            "empty ([domain.md](domain.md)); not for regression, per position or single networks",
            optional=True,
        ),
        Column(
            "interval_low", NUMBER, "regression: lower end of the interval, instead of the set",
            optional=True,
        ),
        Column("interval_high", NUMBER, "likewise, upper end", optional=True),
        Column(
            "domain", TEXT,
            "`inside`, `edge` or `outside` of what the model was trained on "
            "([domain.md](domain.md)); `unknown` if the model file does not say it",
        ),
        Column("domain_reason", TEXT, "why a record is not inside, in words; otherwise empty"),
        Column(
            "nearest", TEXT,
            "with `--nearest`: id of the most similar training record ([domain.md](domain.md)); "
            "empty if none is similar, or the record has more than 65,535 residues",
            optional=True,
        ),
        Column(
            "nearest_identity", NUMBER,
            "fraction of identical residues in the columns of their alignment, including gaps",
            optional=True,
        ),
        Column(
            "nearest_coverage", NUMBER, "fraction of the new record that the alignment spans",
            optional=True,
        ),
        Column(
            "in_training", TRUTH,
            "whether the final model was trained on the sequence or its reverse complement; "
            "without `--sequences` there is no such column",
            optional=True,
        ),
        Column(
            "status", TEXT,
            "`predicted`; `refused`: the model cannot take the record, which has no call and no "
            "scores; `unreadable`: the rest of the file could not be read (only if there are "
            "several files)",
        ),
        Column("reason", TEXT, "why the record was refused, otherwise empty"),
    ),
    format=4,
    metadata=(
        Column("task", TEXT, "as in `sequences.parquet`"),
        Column("classes", LIST, "as in `sequences.parquet`"),
        Column("model", TEXT, "name in the card of the model"),
        Column("model_sha256", TEXT, "checksum of the model's file"),
        Column("queries", OBJECT, "checksum of each FASTA file that was read, by its name"),
        Column("records", COUNT, "number of records"),
    ),
)  # fmt: skip

MATRIX = Table(
    "transfer matrix", "transfer/{transfer}/matrix.tsv",
    "One row for each pair of datasets, model and metric ([transfer](transfer.md)).",
    "transfer", (),
    (
        Column("train", TEXT, "dataset whose networks score"),
        Column("test", TEXT, "dataset whose records are scored"),
        _MODEL,
        Column("metric", TEXT, "[metric](evaluation.md#metrics)"),
        Column("estimate", NUMBER, "mean over seeds"),
        Column("ci_low", NUMBER, "lower end of the interval"),
        Column("ci_high", NUMBER, "upper end of the interval"),
        Column("n", COUNT, "records that were scored"),
    ),
)  # fmt: skip
