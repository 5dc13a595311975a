"""Files of the stage explanation."""

from __future__ import annotations

from bioseqrnn.tables.declared.table import COUNT, LIST, NUMBER, TEXT, TRUTH, Column, Table

# class of the rows of a regression, which has no classes
VALUE = "value"
# what positions are counted from where each residue has a class
BOUNDARY = "boundary"
# share of the sites at one place from which a motif counts as being at a fixed place
PLACED = 0.5

_RUN = (
    Column("model", TEXT, "name of the network"),
    Column("fold", COUNT, "fold of the network"),
    Column("seed", COUNT, "seed of its training"),
    Column("class", TEXT, "class whose logit is explained; in regression `value`"),
)
_POSITION = Column(
    "position", COUNT, "only in `per_position`: the explained residue, from 1", optional=True
)

ATTRIBUTIONS = Table(
    "attributions", "explanation/attributions.parquet",
    "One row for each record, network and class, in the order of the networks, the records and the "
    "classes ([what is computed](attribution.md)).",
    "attribute", (),
    (
        Column("id", TEXT, "as in `sequences.parquet`"),
        *_RUN,
        _POSITION,
        Column("logit", NUMBER, "the calibrated logit of the record; NaN without an attribution"),
        Column(
            "contribution", LIST,
            "float32, one number for each residue: the contribution of the observed residue to the "
            "logit; empty without an attribution. In `per_position`, the residues are those of the "
            "record from `position` - `flank` to `position` + `flank`",
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
        Column(
            "classes", LIST,
            "classes of the rows, in order; with two classes, only the positive one",
        ),
        Column("method", TEXT, "`mutagenesis` or `gradients`"),
        Column("background", LIST, "fraction of each symbol in the dataset"),
        Column("records", COUNT, "records in the file"),
        Column("eligible", COUNT, "records from which they were drawn"),
        Column("effects", TRUTH, "whether there is a column `effects`"),
        Column("flank", COUNT, "only in `per_position`: residues on each side", optional=True),
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

_MOTIF = Column("motif", TEXT, "`M1`, `M2` …, in the order of the summed contribution of the sites")
_FOR = (
    Column("class", TEXT, "class whose logit the motif changes; in regression `value`"),
    Column("sign", TEXT, "`for`: the residues raise the logit, `against`: they lower it"),
)

MOTIFS = Table(
    "motifs", "explanation/motifs.tsv",
    "One row for each motif ([how they are found](motifs.md)).",
    "motifs", ("check-motifs", "report"),
    (
        _MOTIF,
        *_FOR,
        Column(
            "kind", TEXT,
            "`pattern`: anywhere in a record; `position`: at a fixed place of the records",
        ),
        Column("consensus", TEXT, "most frequent residues; lower case: less than half"),
        Column("width", COUNT, "columns of the matrix"),
        Column("information", NUMBER, "bits of all columns, relative to the background"),
        Column("sites", COUNT, "seqlets that the matrix is made of"),
        Column("records", COUNT, "attributed records that have such a seqlet"),
        Column("contribution", NUMBER, "mean contribution of a site to the logit"),
        Column(
            "p", NUMBER,
            "probability that as many seqlets would fit by chance, corrected for all attempts",
        ),
        Column(
            "reverse", NUMBER, "share of the sites on the reverse strand; empty for single strands"
        ),
        Column(
            "anchor", TEXT,
            "`start` or `end`: end of the record that positions are counted from; `boundary`: the "
            "residue where a class begins (`per_position`)",
        ),
        Column(
            "position", COUNT,
            "most frequent place: residues between that end and the motif; from a boundary: 0 if "
            "the motif begins with the class, negative before it",
        ),
        Column("position_share", NUMBER, "share of the sites at this place"),
        Column(
            "positions", TEXT,
            "number of sites in each of 20 equal parts of the records (`per_position`: of the "
            "windows around boundaries), from their beginning",
        ),
        Column("trainings", COUNT, "trainings whose attributions were searched each on its own"),
        Column("found", COUNT, "how many of them gave the same motif"),
        Column("found_low", NUMBER, "lower end of the 95 % interval of their share (Wilson)"),
        Column("found_high", NUMBER, "upper end"),
        Column("also", TEXT, "other classes for or against which the same motif was found"),
        Column("match", TEXT, "best match in the motif database: identifier and name", True),
        Column("match_p", NUMBER, "its p-value (Tomtom)", True),
        Column("match_q", NUMBER, "its q-value", True),
        Column("matches", TEXT, "up to five matches with q < 0.05, best first", True),
        Column(
            "occurs_{class}", NUMBER, "share of all records of that class with an occurrence", True
        ),
    ),
)  # fmt: skip

MATRICES = Table(
    "motif matrices", "explanation/motif_matrices.tsv",
    "One row for each motif, column and residue.",
    "motifs", ("check-motifs", "report"),
    (
        _MOTIF,
        Column("column", COUNT, "from 1"),
        Column("residue", TEXT, "symbol of the alphabet"),
        Column("count", COUNT, "sites that have this residue in this column"),
        Column("frequency", NUMBER, "the same as a fraction, with one pseudocount"),
        Column("height", NUMBER, "height of the letter in the logo, in bits"),
        Column(
            "contribution", NUMBER,
            "contribution of this residue in this column to the logit, as a mean over all sites",
        ),
    ),
)  # fmt: skip

MOTIF_SEARCH = Table(
    "motif search", "explanation/motif_search.tsv",
    "One row for each class and sign: what was looked through, and why nothing was found.",
    "motifs", ("report",),
    (
        *_FOR,
        Column("records", COUNT, "records with an attribution"),
        Column("trainings", COUNT, "trainings that attributed them"),
        Column("seqlets", COUNT, "spans that contribute more than by chance"),
        Column("motifs", COUNT, "motifs that they gave"),
        Column("why", TEXT, "why there is no motif; empty if there is one"),
    ),
)  # fmt: skip

OCCURRENCES = Table(
    "occurrences", "explanation/occurrences.tsv.gz",
    "One row for each occurrence of a motif in any record of the dataset, in the order of the "
    "records. `occurrences.bed.gz` has the same places as BED, with -100 × log10(p) as score: on "
    "the chromosome for records that are windows of a genome, else with the id as chromosome.",
    "motifs", ("check-motifs",),
    (
        Column("id", TEXT, "as in `sequences.parquet`"),
        _POSITION,
        _MOTIF,
        Column("start", COUNT, "first residue, from 0"),
        Column("end", COUNT, "residue after the last one"),
        Column("strand", TEXT, "`+` or `-`; `.` for proteins"),
        Column("score", NUMBER, "log-odds of the residues, in bits"),
        Column("p", NUMBER, "probability that random residues score as high at one place"),
        Column(
            "contribution", NUMBER,
            "summed contribution of its residues, as a mean over trainings; empty if the record "
            "was not attributed",
        ),
    ),
)  # fmt: skip

MOTIF_PAIRS = Table(
    "motif pairs", "explanation/motif_pairs.tsv",
    "One row for each two motifs that share a record, among the first 30 motifs "
    "([how they are counted](motifs.md#pairs)).",
    "motifs", ("report",),
    (
        Column("motif", TEXT, "the first motif"),
        Column("other", TEXT, "the second motif"),
        Column("records", COUNT, "records with both, at places that do not overlap"),
        Column("expected", NUMBER, "number of these by chance, given the class and the length"),
        Column("p", NUMBER, "probability of so many or more by chance (Fisher)"),
        Column("q", NUMBER, "the same, corrected for all pairs (Benjamini and Hochberg)"),
        Column(
            "distance", NUMBER,
            "preferred distance in residues: from the first residue of the first motif to that of "
            "the second one, in the direction in which the first one is read (5'→3'); negative if "
            "the second one comes before; empty if no distance is in five records",
        ),
        Column("distance_low", NUMBER, "smallest distance that was counted"),
        Column("distance_high", NUMBER, "largest distance that was counted"),
        Column("between", NUMBER, "residues between the two motifs at the preferred distance"),
        Column(
            "orientation", TEXT, "`same` or `opposite` strand; empty if only one strand is read"
        ),
        Column("spaced", NUMBER, "records with a distance from distance_low to distance_high"),
        Column("spaced_expected", NUMBER, "number of these by chance"),
        Column("spaced_p", NUMBER, "p-value, corrected for all distances and orientations"),
        Column("spaced_q", NUMBER, "the same, corrected for all pairs"),
    ),
)  # fmt: skip

MOTIF_TESTS = Table(
    "motif tests", "explanation/motif_tests.tsv",
    "Two rows for each motif: what the logit of test records does when the motif is taken out of "
    "them (`removed`) or put into others (`planted`) ([how](motifs.md#does-it-hold-up)).",
    "check-motifs", ("report",),
    (
        _MOTIF,
        *_FOR,
        Column(
            "test", TEXT,
            "`removed`: all occurrences were replaced by random residues of the composition of the "
            "dataset; `planted`: an instance of the motif was put into records of other classes",
        ),
        Column("records", COUNT, "test records that were changed"),
        Column("before", NUMBER, "their mean calibrated logit before"),
        Column("change", NUMBER, "mean change of the logit"),
        Column("change_low", NUMBER, "lower end of its 95 % interval (bootstrap over records)"),
        Column("change_high", NUMBER, "upper end"),
        Column(
            "controls", COUNT, "records with a control; the others have no room for another stretch"
        ),
        Column(
            "control", NUMBER,
            "mean change by the control; removed: stretches of the same number and lengths "
            "elsewhere in the same records; planted: the same residues in shuffled order",
        ),
        Column("control_low", NUMBER, "lower end of its 95 % interval"),
        Column("control_high", NUMBER, "upper end"),
        Column("difference", NUMBER, "mean of change minus control in the same record"),
        Column("difference_low", NUMBER, "lower end of its 95 % interval"),
        Column("difference_high", NUMBER, "upper end"),
    ),
)  # fmt: skip

MOTIF_NULL = Table(
    "motif null", "explanation/motif_null.tsv",
    "One row for each network that was trained on permuted labels: the motifs that are found by "
    "chance ([how](motifs.md#does-it-hold-up)).",
    "check-motifs", ("report",),
    (
        Column("permuted", COUNT, "number of the permutation"),
        Column("fold", COUNT, "fold whose test records were attributed"),
        Column("records", COUNT, "records with an attribution"),
        Column("seqlets", COUNT, "spans that contribute more than by chance, of all classes"),
        Column("motifs", COUNT, "motifs that they gave"),
        Column("consensus", TEXT, "consensus of each of these motifs"),
    ),
)  # fmt: skip

# files that are no tables, beside them
OCCURRENCES_BED, MEME = "explanation/occurrences.bed.gz", "explanation/motifs.meme"
# bigWig files, one a class, in a folder of their own
TRACKS, TRACK = "explanation/tracks", "attributions.{label}.bw"
# input of modisco-lite: the records, and their contributions, a file for each class
MODISCO_RECORDS, MODISCO_VALUES = "records.npz", "contributions.{label}.npz"
# what ``attribute`` writes
EXPLAINED = (ATTRIBUTIONS, COMPLETENESS, FAITHFULNESS)
# what ``motifs`` writes
MOTIF_TABLES = (MOTIFS, MATRICES, MOTIF_SEARCH, MOTIF_PAIRS, OCCURRENCES)
# those of them that the report shows
SHOWN_MOTIFS = (MOTIFS, MATRICES, MOTIF_SEARCH, MOTIF_PAIRS)
# what ``check-motifs`` writes
CHECKED_TABLES = (MOTIF_TESTS, MOTIF_NULL)
