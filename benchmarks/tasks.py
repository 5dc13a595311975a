"""Worked examples of the tasks beyond one class a record: sheets and settings from public data.

``python -m benchmarks.tasks DATA FOLDER`` writes a project into FOLDER, for
``snakemake --snakefile workflow/Snakefile --directory FOLDER``. DATA holds the sets as they are
published, in folders ``ct-genes``, ``modlamp``, ``peptidereactor`` and ``nfe2`` (docs/tasks.md says
where from); none of their records is part of this repository.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml
from Bio.SeqIO.FastaIO import SimpleFastaParser

# Positives of four sets of peptides; the negatives of the last two have none of their activities.
PEPTIDES = {
    "antimicrobial": ("modlamp/AMPvsUniProt.AMP.fa", None),
    "anticancer": ("modlamp/ACP_CancPPD_vs_Random.ACP.fa", None),
    "hemolytic": ("peptidereactor/hem_hemopi/seqs.fasta", "classes.txt"),
    "cell_penetrating": ("peptidereactor/cpp_mlcpp/seqs.fasta", "classes.txt"),
}
SCORED = ("Nfe2.tr.fa", "Nfe2.neg.tr.fa")

DATASET_OPTIONS = {
    "genes": {"task": "per_position", "alphabet": "dna", "block": 20_000, "opposite": {"F": "R"}},
    "activities": {"task": "multilabel", "alphabet": "protein"},
    "score": {"task": "regression", "alphabet": "dna", "strands": "both"},
}
# by the default recipe
MODELS = {"gru": {"cell": "gru"}}


def read_fasta(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (first word of the header, sequence in upper case)."""
    with path.open() as handle:
        for title, sequence in SimpleFastaParser(handle):  # type: ignore[no-untyped-call]
            yield title.split()[0], sequence.upper()


def peptide_activities(data: Path) -> dict[str, set[str]]:
    """Return the activities of every peptide, by its sequence, in the order they are met."""
    found: dict[str, set[str]] = {}
    for activity, (name, classes) in PEPTIDES.items():
        records = list(read_fasta(data / name))
        held = ["1"] * len(records)
        if classes is not None:
            held = (data / name).with_name(classes).read_text().split()
        for (_, sequence), flag in zip(records, held, strict=True):
            found.setdefault(sequence, set()).update({activity} if flag == "1" else ())
    return found


def write_rows(path: Path, rows: Iterable[Iterable[object]]) -> None:
    """Write a tab-separated table."""
    with path.open("w", newline="") as handle:
        csv.writer(handle, delimiter="\t", lineterminator="\n").writerows(rows)


def write_activities(data: Path, folder: Path) -> list[dict[str, str]]:
    """Write the peptides and a table of their labels; return the rows of the sheet."""
    peptides = peptide_activities(data)
    names = [f"peptide{place:04d}" for place in range(1, len(peptides) + 1)]
    fasta, labels = folder / "peptides.fa", folder / "activities.tsv"
    fasta.write_text("".join(f">{n}\n{s}\n" for n, s in zip(names, peptides, strict=True)))
    held = [";".join(sorted(activities)) for activities in peptides.values()]
    write_rows(labels, [("id", "label"), *zip(names, held, strict=True)])
    return [{"dataset": "activities", "fasta": str(fasta), "labels": str(labels)}]


def write_scores(data: Path, folder: Path) -> list[dict[str, str]]:
    """Write the out-of-fold scores of ls-gkm as labels; return the rows of the sheet."""
    lines = (data / "nfe2/Nfe2.cvpred.txt").read_text().splitlines()
    labels = folder / "scores.tsv"
    write_rows(labels, [("id", "label"), *(line.split("\t")[:2] for line in lines)])
    return [
        {"dataset": "score", "fasta": str(data / "nfe2" / name), "labels": str(labels)}
        for name in SCORED
    ]


def write_project(data: Path, folder: Path) -> None:
    """Write one project folder a task, each with its sheet and configuration."""
    for task, options in DATASET_OPTIONS.items():
        project = folder / task
        (project / "config").mkdir(parents=True, exist_ok=True)
        if task == "genes":
            rows = [{"dataset": task, "fasta": str(data / "ct-genes/ct_3line.fa.gz")}]
        else:
            rows = (write_activities if task == "activities" else write_scores)(data, project)
        keys = list(rows[0])
        sheet = project / "config/datasets.tsv"
        write_rows(sheet, [keys, *([row[key] for key in keys] for row in rows)])
        settings = {
            "datasets": "config/datasets.tsv",
            "queries": None,
            "dataset_options": {task: options},
            "models": MODELS,
            "device": "cpu",
        }
        (project / "config/config.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))


if __name__ == "__main__":
    write_project(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
