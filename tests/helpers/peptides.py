"""Small tables of bundled peptides with labels of every task that the bundled data do not have."""

from __future__ import annotations

from conftest import RESOURCES, encode

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.stages.folds.run import split_table


def peptides(count):
    """Ids and sequences of bundled peptides, of both classes."""
    records = []
    for name in ("ACP", "Random"):
        text = (RESOURCES / "acp" / f"{name}.fa").read_text().split(">")[1 : count // 2 + 1]
        records += [(head, "".join(rest)) for head, *rest in (r.split("\n") for r in text)]
    return [(f"p{i}", sequence) for i, (_, sequence) in enumerate(records)]


def write_regression(folder):
    """The net charge a residue."""
    rows = []
    for name, sequence in peptides(400):
        charge = sum(sequence.count(x) for x in "KR") - sum(sequence.count(x) for x in "DE")
        rows.append((name, sequence, 100 + 20 * charge / len(sequence)))
    return rows


def write_multilabel(folder):
    """Which of some residues stand in the peptide at least twice."""
    return [
        (name, sequence, ";".join(x for x in "KLA" if sequence.count(x) > 1))
        for name, sequence in peptides(400)
    ]


def sequences_of(folder, task):
    if task == "per_position":
        # positive where the residue or one beside it is
        lines = []
        for name, sequence in peptides(300):
            charged = [x in "KR" for x in sequence]
            near = [any(charged[max(0, i - 1) : i + 2]) for i in range(len(sequence))]
            labels = "".join("+" if x else "-" for x in near)
            lines.append(f">{name}\n{sequence}\n{labels}\n")
        (folder / "all.fa").write_text("".join(lines))
        source = Source(folder / "all.fa")
    else:
        rows = {"regression": write_regression, "multilabel": write_multilabel}[task](folder)
        (folder / "all.fa").write_text("".join(f">{name}\n{s}\n" for name, s, _ in rows))
        (folder / "labels.tsv").write_text(
            "id\tlabel\n" + "".join(f"{name}\t{label}\n" for name, _, label in rows)
        )
        source = Source(folder / "all.fa", labels=folder / "labels.tsv")
    table = encode(folder, [source], task=task, alphabet="protein")
    split_table(
        table,
        folder / "folds.parquet",
        FoldsConfig(count=3, validation_fraction=0.15, seed=1, grouping="duplicates"),
    )
    return table
