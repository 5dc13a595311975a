"""Files of the stage inspection: single changes of chosen records."""

from __future__ import annotations

from bioseqrnn.tables.declared.table import COUNT, NUMBER, TEXT, Column, Table

_RECORD = Column("id", TEXT, "id of the record in the FASTA file")
_CLASS = Column("class", TEXT, "class whose logit changes; in regression `value`")
_CHANGE = (
    Column("position", COUNT, "from 1"),
    Column(
        "residue", TEXT, "residue of the record; an ambiguity code where several are possible"
    ),
    Column("replacement", TEXT, "residue that is put there"),
    Column(
        "score", NUMBER, "calibrated logit of the changed record; in regression its value"
    ),
    Column("probability", NUMBER, "its calibrated probability; empty in regression"),
    Column("difference", NUMBER, "score of the changed record minus that of the record"),
)  # fmt: skip

CHANGES = Table(
    "changes", "changes.tsv.gz",
    "One row for each record, class, position and residue that differs from the record's "
    "([what is computed](mutate.md)).",
    "mutate", (),
    (_RECORD, _CLASS, *_CHANGE),
)  # fmt: skip

MUTATIONS = Table(
    "mutations", "mutations.tsv",
    "The changes of each record and class with the largest effects: up to ten that lower the "
    "score, and up to ten that raise it.",
    "mutate", (),
    (
        _RECORD,
        _CLASS,
        Column("effect", TEXT, "`lowers` or `raises`"),
        Column("rank", COUNT, "1: the largest effect"),
        *_CHANGE,
    ),
)  # fmt: skip

EDITS = Table(
    "edits", "edits.tsv",
    "One row for each edit of a designed record, in order; only with `--design`.",
    "mutate", (),
    (
        _RECORD,
        Column("class", TEXT, "class whose probability is raised"),
        Column("step", COUNT, "from 1"),
        Column("position", COUNT, "from 1"),
        Column("from", TEXT, "residue before the edit"),
        Column("to", TEXT, "residue after the edit"),
        Column("score", NUMBER, "calibrated logit after the edit"),
        Column("probability", NUMBER, "calibrated probability after the edit"),
    ),
)  # fmt: skip

MEMORY = Table(
    "memory", "memory.tsv.gz",
    "One row for each record, layer, direction, signal and step of the recurrence "
    "([what is computed](mutate.md#where-in-memory)).",
    "memory", (),
    (
        _RECORD,
        Column("layer", COUNT, "from 1"),
        Column("direction", TEXT, "`forward` or `reverse`"),
        Column(
            "signal", TEXT,
            "state after the step: `h`, of the LSTM also `c`; gate in the step: `i`, `f`, `o` of "
            "the LSTM, `r`, `z` of the GRU",
        ),
        Column("position", COUNT, "first residue that the step reads, from 1"),
        Column("last", COUNT, "last residue that it reads"),
        Column("mean", NUMBER, "mean over the units"),
        Column("unit_{n}", NUMBER, "one column for each unit, from 1"),
    ),
)  # fmt: skip

# designed records
DESIGNED = "designed.fa"
# what ``mutate`` writes
MUTATED = (CHANGES, MUTATIONS, EDITS)
