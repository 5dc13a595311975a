"""Files of the stages sequences, audit and folds."""

from __future__ import annotations

from bioseqrnn.tables.declared.table import (
    BYTES,
    CATEGORY,
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

SEQUENCES = Table(
    "sequences", "sequences.parquet",
    "One row for each record, in the order of the sheet and the files; made negatives follow.",
    "encode", ("audit", "split", "train", "baseline", "search", "evaluate", "transfer", "predict",
               "report"),
    (
        Column(
            "id", TEXT,
            "header up to the first white space (`ids: header`: the whole header); for an interval "
            "`chr1:100-300(+)` or its `id`; for a made negative `{id}_shuffled_1` or its window. "
            "Unique in the dataset",
        ),
        Column(
            "source", CATEGORY,
            "name of the FASTA file, or of the intervals (the path where two files share a name); "
            "`… (made negatives)`",
        ),
        Column("length", COUNT, "residues"),
        Column(
            "label", LABEL,
            "classification: category; multilabel: list of text, sorted, empty for none; "
            "regression: double; per position: text, one character for each residue",
        ),
        Column(
            "group", TEXT,
            "only where the user gives groups or negatives are shuffles; null if a record has "
            "none, but with shuffles its id and a tab, which its shuffles share",
            optional=True,
        ),
        Column(
            "split", CATEGORY, "only where the user gives one: `train`, `validation`, `test`",
            optional=True,
        ),
        Column(
            "chrom", TEXT,
            "only where there are windows of a genome: file and chromosome of the window, like "
            "`genome.fa:chr1`; null for other records",
            optional=True,
        ),
        Column(
            "start", COUNT,
            "likewise: place of the window's first base on the chromosome, counted from 0",
            optional=True,
        ),
        Column(
            "strand", TEXT,
            "likewise: `+`, or `-` if the record is the reverse complement; tables of earlier "
            "versions lack it",
            optional=True,
        ),
        Column("onehot", BYTES, "packed one-hot bits, see below"),
    ),
    format=2,
    metadata=(
        Column("alphabet", TEXT, "`dna` or `protein`"),
        Column("symbols", TEXT, "the columns of the one-hot code"),
        Column("strands", TEXT, "as in `dataset_options`"),
        Column("ids", TEXT, "as in `dataset_options`"),
        Column(
            "task", TEXT, "`binary`, `multiclass`, `multilabel`, `regression`, `per_position`"
        ),
        Column(
            "classes", LIST,
            "those that occur, in column order; of two, the second is the positive one; none for "
            "regression",
        ),
        Column("records", COUNT, "rows"),
        Column(
            "sources", OBJECT,
            "every file that was read → SHA-256: FASTA, labels, intervals, the genome of negatives",
        ),
        Column("block", COUNT, "only where the options of the dataset have it", optional=True),
        Column(
            "opposite", OBJECT, "only where the options of the dataset have it; both ways",
            optional=True,
        ),
        Column(
            "negatives", OBJECT,
            "only where they are made: the settings, and how many were `made` and are `missing`",
            optional=True,
        ),
    ),
)  # fmt: skip

INTAKE = Table(
    "intake", "intake.tsv",
    "One row for each source, and one for the negatives that were made of it.",
    "encode", ("report",),
    (
        Column("source", TEXT, "as in `sequences.parquet`"),
        Column(
            "label", TEXT,
            "label of the whole file, else the classes found, separated by commas (their number "
            "where they are more than 50; blank for numbers)",
        ),
        Column("records", COUNT, "number of records"),
        Column("residues", COUNT, "number of residues"),
        Column("min_length", COUNT, "residues of the shortest record"),
        Column("median_length", NUMBER, "median length in residues"),
        Column("max_length", COUNT, "residues of the longest record"),
        Column("comment_lines", COUNT, "lines that were left out as comments"),
        Column("carriage_returns", COUNT, "carriage returns that were left out"),
        Column("white_space", COUNT, "blanks that were left out"),
        Column("gaps", COUNT, "`-` and `.` that were left out"),
        Column("stops", COUNT, "`*` at the end of proteins that were left out"),
        Column("lower_case", COUNT, "letters that were read as upper case"),
        Column("u_as_t", COUNT, "U of RNA that were read as T"),
        Column("ambiguous_residues", COUNT, "residues that may be one of several"),
        Column("ambiguity_codes", TEXT, "which codes these are (`N=3;R=1`)"),
    ),
    in_report=True,
)  # fmt: skip

_CHECK = Column("check", TEXT, "name of the check")
_VALUE = Column(
    "value", NUMBER, "what was measured; empty where a check does not apply or could not be made",
    dtype="float64",
)  # fmt: skip
_ABOUT = Column("records", COUNT, "number of records concerned", dtype="Int64")
_EXPLANATION = Column("explanation", TEXT, "one sentence")

FINDINGS = Table(
    "findings", "findings.tsv", "One row for each check of the [audit before training](audit.md).",
    "audit", ("audit", "split"),
    (
        _CHECK,
        Column("state", TEXT, "`made`, `not applicable` or `failed`"),
        _VALUE, _ABOUT, _EXPLANATION,
    ),
)  # fmt: skip

CHECKS = Table(
    "checks", "checks.tsv", "The findings, compared with their limits.",
    "audit", ("report",),
    (
        _CHECK, _VALUE,
        Column("limit", NUMBER, "of the configuration", dtype="float64"),
        Column("action", TEXT, "of the configuration: `warn`, `stop` or `ignore`"),
        Column("verdict", TEXT, "`pass`, `warn` or `stop`"),
        _ABOUT, _EXPLANATION,
    ),
    in_report=True,
)  # fmt: skip

_RECORD = (
    ("id", "id of the record"),
    ("source", "file that contains it"),
    ("label", "its class"),
    ("split", "its role in a given split"),
)
FLAGGED = Table(
    "flagged", "flagged.tsv",
    "One row for each record that a check lists; at most 10,000 rows for each check.",
    "audit", ("split",),
    (
        _CHECK,
        *(Column(name, TEXT, meaning) for name, meaning in _RECORD),
        *(
            Column(f"partner_{name}", TEXT, f"{meaning}, of the first record it collides with")
            for name, meaning in _RECORD
        ),
    ),
)  # fmt: skip

FOLDS = Table(
    "folds", "folds.parquet", "One row for each record, in the order of `sequences.parquet`.",
    "split", ("train", "baseline", "search", "evaluate", "learning-curve", "compare-random",
              "transfer", "report"),
    (
        Column("id", TEXT, "as in `sequences.parquet`"),
        Column("group", COUNT, "records that must stay together share a number"),
        Column(
            "fold", COUNT,
            "the fold that tests the record (in the first repeat); -1 for none",
        ),
        Column(
            "role_{fold}", CATEGORY,
            "`train`, `validation`, `test` or `excluded` in each fold; "
            "[`excluded`](folds.md): the fold neither trains with the record nor tests it",
        ),
    ),
    format=2,
    metadata=(
        Column("folds", COUNT, "number of folds, in all repeats"),
        Column(
            "repeats", COUNT,
            "number of repeats; fold `i * count + k` is fold k of repeat i",
        ),
        Column("sources", OBJECT, "as in `sequences.parquet`"),
        Column("given", TRUTH, "whether the user gave the split, which is one fold"),
        Column("grouping", TEXT, "as in the configuration", optional=True),
        Column("threshold", TEXT, "definition of similar sequences, in words", optional=True),
        Column("seed", COUNT, "as in the configuration", optional=True),
    ),
)  # fmt: skip

LEAKS = Table(
    "leaks", "leaks.tsv",
    "One row for each fold: test records with a similar record among the training and validation "
    "records.",
    "split", ("report",),
    (
        Column(
            "grouping", TEXT,
            "`homology`, `duplicates`, `column`, `given`; `none` for random folds",
        ),
        Column("fold", COUNT, "number of the fold"),
        Column("tested", COUNT, "test records"),
        Column(
            "identical", COUNT,
            "test records whose sequence is also that of a training or validation record",
        ),
        Column(
            "similar", COUNT,
            "test records with an identical or a similar sequence there; empty if similar "
            "sequences were not searched",
        ),
        Column(
            "overlapping", COUNT,
            "test records with an identical sequence there, or with one that shares a "
            "[stretch](audit.md#shared-stretches) of at least `stretch` residues; empty likewise",
        ),
        Column(
            "common", COUNT,
            "of the others, test records with a stretch of this length that many records have (a "
            "repeat, a motif, a constant region) or that has low complexity; such stretches do not "
            "relate records. Empty likewise",
        ),
        Column("stretch", COUNT, "residues"),
        Column("excluded", COUNT, "records that the fold leaves out"),
    ),
    in_report=True,
)  # fmt: skip
