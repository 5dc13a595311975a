"""Files of the stage variants."""

from __future__ import annotations

from bioseqrnn.tables.declared.table import COUNT, NUMBER, TEXT, Column, Table

_EACH = "one column a class; with two classes the positive one"

VARIANTS = Table(
    "variants", "variants.tsv",
    "One row for each ALT allele of a VCF file, in its order ([variants](variants.md)). `--output` "
    "gives the name of the file.",
    "variants", (),
    (
        Column("chrom", TEXT, "CHROM of the VCF file"),
        Column("pos", COUNT, "POS, from 1"),
        Column("id", TEXT, "ID"),
        Column("ref", TEXT, "REF"),
        Column("alt", TEXT, "this allele of ALT"),
        Column("start", COUNT, "first base of the window with REF, from 0; empty without a score"),
        Column("reason", TEXT, "[why](variants.md#reasons) there is no score; else empty"),
        Column(
            "logit_ref_{class}", NUMBER, f"calibrated logit of the window with REF; {_EACH}", True
        ),
        Column("logit_alt_{class}", NUMBER, "the same with ALT", True),
        Column("probability_ref_{class}", NUMBER, "calibrated probability with REF", True),
        Column("probability_alt_{class}", NUMBER, "the same with ALT", True),
        Column("difference_{class}", NUMBER, "logit with ALT - logit with REF", True),
        Column(
            "rank_{class}", NUMBER,
            "share of all single changes of the window that change the logit at least as much, in "
            "either direction; not with `--no-ranks`",
            optional=True,
        ),
        Column("value_ref", NUMBER, "for regression, instead of all these: value with REF", True),
        Column("value_alt", NUMBER, "value with ALT", True),
        Column("difference", NUMBER, "value with ALT - value with REF", True),
        Column("rank", NUMBER, "as `rank_{class}`, of the value", True),
    ),
)  # fmt: skip
