"""Genes of a dataset with a class a base: which jobs read the options."""

from __future__ import annotations

import re

import pytest
from conftest import write_exons

pytestmark = pytest.mark.workflow


def commands_of(project, options):
    """Planned commands of the encoding and of the prediction, with these options."""
    config = project.read_config()
    config["dataset_options"] = {
        "sides": {"task": "per_position", "alphabet": "dna", "opposite": {"E": "I"}} | options
    }
    project.write_config(config)
    done = project.snakemake(
        "results/sides/predictions/contig.gff3.gz", "--dry-run", "--printshellcmds"
    )
    assert done.code == 0, done.out + done.err
    text = done.out + done.err
    return [re.findall(rf"bioseqrnn {name} .*", text)[0] for name in ("encode", "predict")]


def test_only_predictions_depend_on_genes(project):
    write_exons(project.folder / "data/sides.txt", 2, 9)
    (project.folder / "data/contig.fa").write_text(">1\nACGTACGTAC\n")
    project.write_sheet("datasets", "dataset fasta", "sides data/sides.txt")
    project.write_sheet("queries", "query dataset fasta", "contig sides data/contig.fa")
    plain = commands_of(project, {})
    assert "--coding" not in plain[1]
    encode, predict = commands_of(project, {"coding": "E", "genetic_code": 4})
    assert encode == plain[0]
    assert "--coding E --genetic-code 4 " in predict
