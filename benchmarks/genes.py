"""Genes of a bacterial genome, called by networks that were not trained on them.

    python -m benchmarks.genes --data PATH [--work DIR] [--regions 1,2,3] [--cores N] [--tables]

PATH has the folder ct-genes: the genome of Chlamydia trachomatis D/UW-3 with a label a base, its
annotation, and the genes of Glimmer 3. The genome is cut between genes into nine pieces. Each
region is three neighbouring pieces; its network is trained by the workflow on five of the other
pieces and stops early by the sixth, on which the calling of genes is also tuned. The region is
then predicted as one record, as GFF3, and its genes are compared with the annotation.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
import yaml
from Bio.SeqIO.FastaIO import SimpleFastaParser
from xopen import xopen

ROOT = Path(__file__).resolve().parents[1]
SNAKEMAKE = Path(sys.executable).parent / "snakemake"
PIECES, REGIONS = 9, 3
OPTIONS = {"task": "per_position", "alphabet": "dna", "block": 20_000, "opposite": {"F": "R"}}
MODEL = "gru"


def read_genome(path: Path) -> tuple[str, str]:
    """Return bases and labels, from the three lines of the only record."""
    with xopen(path, "rt") as handle:
        handle.readline()
        return handle.readline().strip().upper(), handle.readline().strip()


def cuts(labels: str) -> list[int]:
    """Where pieces begin, and the end: each in the middle of the non-coding stretch nearest by."""
    free = np.frombuffer(labels.encode(), np.uint8) == ord("N")
    edges = np.flatnonzero(np.diff(np.concatenate([[0], free.astype(np.int8), [0]])))
    middles = edges.reshape(-1, 2).sum(axis=1) // 2
    wanted = np.arange(1, PIECES) * len(labels) // PIECES
    chosen = [int(middles[np.abs(middles - place).argmin()]) for place in wanted]
    return [0, *chosen, len(labels)]


def roles(region: int) -> list[str]:
    """Role of each piece for the network of a region."""
    parts = ["train"] * PIECES
    each = PIECES // REGIONS
    for place in range(region * each, (region + 1) * each):
        parts[place] = "test"
    parts[((region + 1) % REGIONS) * each + each // 2] = "validation"
    return parts


def dataset(region: int) -> str:
    """Name of the dataset of a region in the workflow."""
    return f"without_{region + 1}"


def write_project(data: Path, work: Path) -> list[int]:
    """Write the pieces, the regions as queries, sheet and settings; return the cuts."""
    bases, labels = read_genome(data / "ct-genes" / "ct_3line.fa.gz")
    places = cuts(labels)
    (work / "config").mkdir(parents=True, exist_ok=True)
    for number, (start, end) in enumerate(zip(places, places[1:], strict=False)):
        text = f">piece{number + 1}\n{bases[start:end]}\n{labels[start:end]}\n"
        put(work / f"piece{number + 1}.fa", text)
        put(work / f"piece{number + 1}.query.fa", f">piece{number + 1}\n{bases[start:end]}\n")
    each = PIECES // REGIONS
    rows = ["dataset\tfasta\tsplit"]
    for region in range(REGIONS):
        start, end = places[region * each], places[(region + 1) * each]
        put(work / f"region{region + 1}.fa", f">region{region + 1}\n{bases[start:end]}\n")
        rows += [
            f"{dataset(region)}\tpiece{number + 1}.fa\t{role}"
            for number, role in enumerate(roles(region))
        ]
    put(work / "config" / "datasets.tsv", "\n".join(rows) + "\n")
    settings = {
        "datasets": "config/datasets.tsv",
        "queries": None,
        "dataset_options": {dataset(region): OPTIONS for region in range(REGIONS)},
        # without a refit, the validation piece is new to the network: genes are tuned there
        "models": {MODEL: {"cell": "gru", "refit": False}},
        "device": "cpu",
    }
    put(work / "config" / "config.yaml", yaml.safe_dump(settings, sort_keys=False))
    return places


def put(path: Path, text: str) -> None:
    """Write a file unless it has this content, so that its time stamp stays."""
    if not path.is_file() or path.read_text() != text:
        path.write_text(text)


def model_of(region: int) -> Path:
    """Model file of a region, in the folder of the project."""
    return Path("results") / dataset(region) / "models" / MODEL / "fold-0/seed-1/model.safetensors"


def train(work: Path, regions: list[int], cores: int) -> None:
    """Train the networks by the workflow."""
    subprocess.run(
        [SNAKEMAKE, *(model_of(region) for region in regions), "--snakefile",
         ROOT / "workflow" / "Snakefile", "--cores", str(cores)],
        cwd=work, check=True,
    )  # fmt: skip


if __name__ == "__main__":
    work = Path(sys.argv[2])
    write_project(Path(sys.argv[1]), work)
    for region in map(int, sys.argv[3].split(",")):
        train(work, [region - 1], 1)
