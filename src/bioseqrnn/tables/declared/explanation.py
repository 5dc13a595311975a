"""Files of the stage explanation."""

from __future__ import annotations

from bioseqrnn.tables.declared.table import COUNT, LIST, NUMBER, TEXT, TRUTH, Column, Table

_RUN = (
    Column("model", TEXT, "name of the network"),
    Column("fold", COUNT, "fold of the network"),
    Column("seed", COUNT, "seed of its training"),
    Column("class", TEXT, "class whose logit is explained; in regression `value`"),
)

ATTRIBUTIONS = Table(
    "attributions", "explanation/attributions.parquet",
    "One row for each record, network and class, in the order of the networks, the records and the "
    "classes ([what is computed](attribution.md)).",
    "attribute", (),
    (
        Column("id", TEXT, "as in `sequences.parquet`"),
        *_RUN,
        Column("logit", NUMBER, "the calibrated logit of the record; NaN without an attribution"),
        Column(
            "contribution", LIST,
            "float32, one number for each residue: the contribution of the observed residue to the "
            "logit; empty without an attribution",
        ),
        Column(
            "effects", LIST,
            "float32, residues × symbols, residue by residue: the contribution that each possible "
            "residue would have at this position",
            optional=True,
        ),
        Column(
            "reason", TEXT, "why there is no attribution; empty if there is one"
        ),
    ),
    format=1,
    metadata=(
        Column("alphabet", TEXT, "as in `sequences.parquet`"),
        Column("symbols", TEXT, "as in `sequences.parquet`: the columns of `effects`"),
        Column("strands", TEXT, "as in `sequences.parquet`"),
        Column("task", TEXT, "as in `sequences.parquet`"),
        Column("classes", LIST, "classes of the rows, in order: of two classes the positive one"),
        Column("method", TEXT, "`mutagenesis` or `gradients`"),
        Column("background", LIST, "fraction of each symbol in the dataset"),
        Column("records", COUNT, "records in the file"),
        Column("eligible", COUNT, "records from which they were drawn"),
        Column("effects", TRUTH, "whether there is a column `effects`"),
    ),
)  # fmt: skip

COMPLETENESS = Table(
    "completeness", "explanation/completeness.tsv",
    "One row for each network and class.",
    "attribute", (),
    (
        *_RUN,
        Column("method", TEXT, "`mutagenesis` or `gradients`"),
        Column("steps", COUNT, "steps of the path integral; empty for mutagenesis"),
        Column("records", COUNT, "records with an attribution"),
        Column(
            "difference", NUMBER,
            "median over records of |logit(record) - logit(background)|",
        ),
        Column(
            "error", NUMBER,
            "median over records of |sum of the contributions - (logit(record) - "
            "logit(background))|",
        ),
        Column("relative_error", NUMBER, "median over records of error / difference"),
        Column("relative_error_q90", NUMBER, "90 % quantile of the same"),
    ),
)  # fmt: skip

FAITHFULNESS = Table(
    "faithfulness", "explanation/faithfulness.tsv",
    "One row for each network, class and number of masked positions.",
    "attribute", (),
    (
        *_RUN,
        Column("k", COUNT, "positions that are masked in each record: replaced by the background"),
        Column("records", COUNT, "records that have this class and at least k residues"),
        Column(
            "top", NUMBER,
            "mean calibrated logit after masking the k positions with the highest contributions",
        ),
        Column("random", NUMBER, "the same, after masking k positions drawn at random"),
    ),
)  # fmt: skip
