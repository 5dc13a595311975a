"""Genes of a bacterial genome, called by networks that were not trained on them.

    python -m benchmarks.genes --data PATH [--work DIR] [--cores N] [--prodigal FOLDER] [--tune]

PATH has the folder ct-genes: the genome of Chlamydia trachomatis D/UW-3 with a label a base, its
annotation, and the genes that Glimmer 3 called in it. The genome is cut between genes into nine
pieces. Two regions of three neighbouring pieces are tested. The network of a region is trained by
the workflow on five of the other pieces and stopped early by the sixth. It then predicts the region
as one record (``bioseqrnn predict --coding F``), and the CDS features of the GFF3 are compared with
the annotation: by strand and stop codon (the 3' end), and by both ends.

``--tune`` compares costs of genes and start codons on the one piece that stops the training for
the first region and is in no tested region; the defaults were chosen by it. ``--prodigal`` names a
folder into which pyrodigal was installed, to run Prodigal on the whole genome.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import yaml
from scipy.stats import binomtest
from xopen import xopen

from bioseqrnn.onehot.alphabet import DNA
from bioseqrnn.onehot.packing import pack_lines
from bioseqrnn.stages.prediction.genes import StrandCaller
from bioseqrnn.stages.prediction.orfs import LIMITS

from .accuracy.tables import markdown

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
OUT = Path(__file__).parent / "out"
PIECES, EACH = 9, 3
# Of regions, counted from 0, those that are tested. The piece that stops the training for the first
# of them is in the region between, so that nothing tested was ever tuned on.
TESTED = (0, 2)
OPTIONS = {"task": "per_position", "alphabet": "dna", "block": 20_000, "opposite": {"F": "R"}}
MODEL = "gru"
# start, end and strand; positions from 0, end excluded
Gene = tuple[int, int, str]
Genes = list[Gene]


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


def stopping(region: int) -> int:
    """The piece by which the network of a region stops early."""
    return (region + 1) * EACH % PIECES + EACH // 2


def dataset(region: int) -> str:
    """Name of the dataset of a region in the workflow."""
    return f"without_{region + 1}"


def write_project(data: Path, work: Path) -> list[int]:
    """Write pieces, regions, sheet and settings; return where the pieces begin, and the end."""
    bases, labels = read_genome(data / "ct-genes" / "ct_3line.fa.gz")
    places = cuts(labels)
    (work / "config").mkdir(parents=True, exist_ok=True)
    for number, (start, end) in enumerate(pairwise(places), 1):
        text = f">piece{number}\n{bases[start:end]}\n"
        put(work / f"piece{number}.fa", f"{text}{labels[start:end]}\n")
        put(work / f"piece{number}.query.fa", text)
    rows = ["dataset\tfasta\tsplit"]
    for region in range(PIECES // EACH):
        start, end = places[region * EACH], places[(region + 1) * EACH]
        put(work / f"region{region + 1}.fa", f">region{region + 1}\n{bases[start:end]}\n")
        roles = ["train"] * PIECES
        roles[region * EACH : (region + 1) * EACH] = ["test"] * EACH
        roles[stopping(region)] = "validation"
        rows += [f"{dataset(region)}\tpiece{n}.fa\t{role}" for n, role in enumerate(roles, 1)]
    put(work / "config" / "datasets.tsv", "\n".join(rows) + "\n")
    settings = {
        "datasets": "config/datasets.tsv",
        "queries": None,
        "dataset_options": {dataset(region): OPTIONS for region in range(PIECES // EACH)},
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


def train(work: Path, regions: Iterable[int], cores: int) -> None:
    """Train the networks by the workflow."""
    subprocess.run(
        [BIN / "snakemake", *map(model_of, regions), "--snakefile",
         ROOT / "workflow" / "Snakefile", "--cores", str(cores)],
        cwd=work, check=True,
    )  # fmt: skip


def predict(work: Path, region: int, fasta: str, output: str, *more: str) -> Path:
    """Predict a FASTA file by the network of a region; return the output."""
    subprocess.run(
        [BIN / "bioseqrnn", "predict", fasta, "--model", model_of(region), "--device", "cpu",
         "--output", output, *more],
        cwd=work, check=True,
    )  # fmt: skip
    return work / output


def from_gff3(path: Path, kinds: set[str], offset: int) -> Iterator[Gene]:
    """Yield features on a strand, moved by ``offset``."""
    with xopen(path, "rt") as handle:
        for line in handle:
            if not line.startswith("#"):
                _, _, kind, start, end, _, strand, *_ = line.split("\t")
                if kind in kinds and strand in "+-":
                    yield int(start) - 1 + offset, int(end) + offset, strand


def annotated(data: Path) -> Genes:
    """The annotation; its first gene begins before the first base."""
    rows = [line.split() for line in (data / "ct-genes" / "ct_cds.bed").read_text().splitlines()]
    return [(int(row[1]), int(row[2]), row[5]) for row in rows]


def glimmer(data: Path) -> Genes:
    """The genes of Glimmer 3; of the one that goes on at the first base, the part from there."""
    genes = []
    for line in (data / "ct-genes" / "ct.predict").read_text().splitlines():
        if not line.startswith(">"):
            first, last, frame = int(line.split()[1]), int(line.split()[2]), line.split()[3]
            if frame[0] == "+":
                genes.append((0 if first > last else first - 1, last, "+"))
            else:
                genes.append((last - 1, first, "-"))
    return genes


def prodigal(folder: Path, bases: str) -> Genes:
    """Genes of Prodigal, trained without labels on the whole genome, as usual."""
    sys.path.insert(0, str(folder))
    import pyrodigal

    finder = pyrodigal.GeneFinder()
    finder.train(bases)
    found = finder.find_genes(bases)
    return [(gene.begin - 1, gene.end, "+" if gene.strand == 1 else "-") for gene in found]


def within(genes: Iterable[Gene], start: int, end: int) -> Genes:
    """The genes that lie in a stretch."""
    return [gene for gene in genes if start <= gene[0] and gene[1] <= end]


def stops(genes: Iterable[Gene]) -> set[tuple[int, str]]:
    """Strand and 3' end of genes."""
    return {(end if strand == "+" else start, strand) for start, end, strand in genes}


def share(found: int, of: int) -> str:
    """A share with Wilson's 95 % interval."""
    if not of:
        return "–"
    interval = binomtest(found, of).proportion_ci(method="wilson")
    return f"{found / of:.3f} ({interval.low:.3f} to {interval.high:.3f})"


def row_of(name: str, called: Genes, truth: Genes) -> list[str]:
    """Sensitivity and precision at the 3' end and at both ends, as text."""
    at_stop, at_both = len(stops(called) & stops(truth)), len(set(called) & set(truth))
    return [
        name, f"{len(called):,}",
        share(at_stop, len(truth)), share(at_stop, len(called)),
        share(at_both, len(truth)), share(at_both, len(called)),
    ]  # fmt: skip


HEADER = ["genes of", "called", "3' end found", "3' end right", "both found", "both right"]


def compare(data: Path, work: Path, places: list[int], folder: Path | None) -> str:
    """Predict the tested regions; return the table of all methods in all regions."""
    bases, labels = read_genome(data / "ct-genes" / "ct_3line.fa.gz")
    others = {"Glimmer 3": glimmer(data)}
    if folder is not None:
        others["Prodigal"] = prodigal(folder, bases)
    methods: dict[str, Genes] = {"GRU, open reading frames": [], "GRU, runs as they are": []}
    methods |= {name: [] for name in others}
    truth: Genes = []
    right = total = 0
    for region in TESTED:
        start, end = places[region * EACH], places[(region + 1) * EACH]
        fasta, name = f"region{region + 1}.fa", f"region{region + 1}"
        genes = predict(work, region, fasta, f"{name}.gff3", "--coding", "F")
        table = predict(work, region, fasta, f"{name}.parquet")
        methods["GRU, open reading frames"] += from_gff3(genes, {"CDS"}, start)
        runs = table.with_suffix(".gff3.gz")
        methods["GRU, runs as they are"] += from_gff3(runs, {"sequence_feature"}, start)
        for other, found in others.items():
            methods[other] += within(found, start, end)
        truth += within(annotated(data), start, end)
        call = "".join(pq.read_table(table, columns=["call"])["call"].to_pylist())
        right += sum(a == b for a, b in zip(call, labels[start:end], strict=True))
        total += end - start
    rows = [row_of(name, called, truth) for name, called in methods.items()]
    return (
        f"{len(truth):,} annotated genes in {total:,} bases; {right / total:.3f} of the bases are "
        f"called right.\n\n{markdown(HEADER, rows)}"
    )


def tune(data: Path, work: Path, places: list[int]) -> str:
    """Genes of the piece that stops the training for the first region, by their costs."""
    piece = stopping(TESTED[0])
    start, end = places[piece], places[piece + 1]
    fasta = f"piece{piece + 1}.query.fa"
    table = predict(work, TESTED[0], fasta, f"piece{piece + 1}.parquet")
    bases = (work / fasta).read_text().split("\n", 1)[1]
    packed = pack_lines(bases.encode(), 1, DNA)
    assert packed is not None
    columns = pq.read_table(table)
    truth = within(annotated(data), start, end)
    rows = []
    for coding, cost, more in product((0.4, 0.5, 0.6), (20.0, 40.0, 60.0), (6.0, 12.0, 24.0, 48.0)):
        limits = replace(LIMITS, coding=coding, cost=cost, not_atg=more)
        called = []
        for strand, name in (("+", "F"), ("-", "R")):
            caller = StrandCaller(strand, 11, limits)
            values = np.concatenate(columns[f"probability_{name}"].to_numpy()).astype(np.float64)
            found = caller.add(packed[0], 0, values)
            called += [(one.start + start, one.end + start, strand) for one in found]
        rows.append(row_of(f"coding {coding}, gene {cost:g}, not ATG {more:g}", called, truth))
    return markdown(HEADER, rows)


def main(words: list[str] | None = None) -> int:
    """Train, predict and print the tables."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.genes",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the data")
    parser.add_argument("--work", type=Path, default=OUT / "genes", help="folder to run in")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--prodigal", type=Path, help="folder in which pyrodigal is")
    parser.add_argument("--tune", action="store_true", help="compare costs on a validation piece")
    given = parser.parse_args(words)
    places = write_project(given.data, given.work)
    if given.tune:
        train(given.work, TESTED[:1], given.cores)
        print(tune(given.data, given.work, places))
        return 0
    train(given.work, TESTED, given.cores)
    print(compare(given.data, given.work, places, given.prodigal))
    return 0


if __name__ == "__main__":
    sys.exit(main())
