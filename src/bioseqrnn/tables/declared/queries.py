"""Files of the page on new sequences, of the stage report."""

from __future__ import annotations

from bioseqrnn.tables.declared.table import COUNT, NUMBER, TEXT, Column, Table

_QUERY = Column("query", TEXT, "name of the file of predictions, without its extension")
_UNITS = "records, or residues per position"


def _domain(what: str) -> tuple[Column, ...]:
    """Numbers of one kind by their domain (docs/domain.md)."""
    return (
        Column("inside", COUNT, f"{what} inside the domain of the model"),
        Column("edge", COUNT, "likewise, at its edge"),
        Column("outside", COUNT, "likewise, outside"),
        Column("unknown", COUNT, "likewise, of a model that does not know its domain"),
    )


def _table(name: str, meaning: str, *columns: Column) -> Table:
    return Table(
        name, f"report/predictions/{name}.tsv", meaning, "report-queries", (), (_QUERY, *columns)
    )


QUERIES = _table(
    "queries", "One row for each query: what became of its records.",
    Column("records", COUNT, "records in the file"),
    Column("predicted", COUNT, "of them, predicted"),
    Column("refused", COUNT, "of them, not taken by the model"),
    Column("unreadable", COUNT, "FASTA files that could not be read to their end"),
    Column("in_training", COUNT, "predicted records that the model was trained on; else empty"),
    *_domain("predicted records"),
    Column("set_empty", COUNT, "records with an empty prediction set; without sets empty"),
    Column("set_single", COUNT, "likewise, with one class"),
    Column("set_several", COUNT, "likewise, with several classes"),
    Column("disagree", NUMBER, "mean of `members_disagree`; of a single model empty"),
    Column("value_mean", NUMBER, "regression: mean of the values; else empty"),
    Column("value_low", NUMBER, "regression: lowest value"),
    Column("value_high", NUMBER, "regression: highest value"),
)  # fmt: skip
CALLS = _table(
    "calls", "One row for each query and class; none for regression.",
    Column("class", TEXT, "class or label; `(none)`: records without any label"),
    Column("threshold", NUMBER, "probability from which it is called; empty: the most probable"),
    Column("called", COUNT, f"calls of the class: {_UNITS}"),
    *_domain("of these calls"),
)  # fmt: skip
MARKED = _table(
    "marked",
    "The first records of each query that are outside the domain of the model, or have no call. "
    "Files of predictions have all of them.",
    Column("mark", TEXT, "`outside`, `refused` or `unreadable`"),
    Column("id", TEXT, "of the record"),
    Column("length", COUNT, "residues; of a file that could not be read empty"),
    Column("call", TEXT, "call of the model; empty if there is none, or per position"),
    Column("reason", TEXT, "why it is marked"),
)  # fmt: skip
QUERY_TABLES = (QUERIES, CALLS, MARKED)
