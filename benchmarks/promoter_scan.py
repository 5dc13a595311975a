"""Known promoters in a stretch of E. coli, found by a network that was trained elsewhere.

    python -m benchmarks.promoter_scan --data PATH [--work DIR] [--cores N]

PATH has the folders cnnprom (839 promoters of sigma 70, 81 bases from -60 to +20, of RegulonDB) and
genomes (E. coli 536). Each promoter is placed where the genome has it with at most 8 differences.
The workflow trains a network on the promoters without a place in the tested stretch, and on windows
drawn from the rest of the genome; ``bioseqrnn scan`` then scores every fifth window of the stretch
on both strands. A call is a window that scores highest among those within 40 bases on its strand.
It finds a promoter on its strand if its start is within 10 bases of that of the promoter. Printed:
the share of the promoters found, by calls in a kilobase, and that of calls at random places.
Precision cannot be known, since most promoters are not among those that are known.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from Bio.Seq import Seq
from Bio.SeqIO.FastaIO import SimpleFastaParser
from xopen import xopen

from .accuracy.tables import markdown
from .genes import BIN, OUT, ROOT, put, share

LENGTH, SEED_WORD = 81, 14
# most differences of a known promoter, and of one that may not train
SAME, ALIKE = 8, 20
# the tested stretch of the genome
START, END = 1_000_000, 2_000_000
NEGATIVES, VALIDATION, SEED = 8, 0.15, 1
# between calls on a strand; from a call to the promoter that it finds
APART, NEAR = 40, 10
STRIDE = 5
DENSITIES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
MODEL = Path("results/promoters/models/gru/fold-0/seed-1/model.safetensors")
# start on the strand +, strand, and number of the promoter
Place = tuple[int, str, int]


def numbers(text: str) -> np.ndarray:
    """Bases as 0 to 3."""
    table = np.zeros(256, np.uint8)
    for place, base in enumerate("ACGT"):
        table[ord(base)] = place
    return table[np.frombuffer(text.encode(), np.uint8)]


def words(bases: np.ndarray) -> np.ndarray:
    """Every word of ``SEED_WORD`` bases as a number."""
    count = len(bases) - SEED_WORD + 1
    found = np.zeros(count, np.uint32)
    for place in range(SEED_WORD):
        found = (found << 2) | bases[place : count + place]
    return found


def places_of(promoters: list[str], genome: str, most: int) -> list[Place]:
    """Where the genome has a promoter with at most ``most`` differences, none of them a gap.

    A place must share a word of ``SEED_WORD`` bases with the promoter.
    """
    bases = numbers(genome)
    there = words(bases)
    found: list[Place] = []
    for strand in "+-":
        texts = [p if strand == "+" else str(Seq(p).reverse_complement()) for p in promoters]
        rows = np.stack([numbers(text) for text in texts])
        own = np.stack([words(row) for row in rows])
        order = np.argsort(own, axis=None, kind="stable")
        ranked = own.ravel()[order]
        seen = set()
        for place in np.flatnonzero(np.isin(there, ranked)).tolist():
            first, last = np.searchsorted(ranked, [there[place], there[place] + 1])
            for row, offset in (divmod(at, own.shape[1]) for at in order[first:last].tolist()):
                start = place - offset
                if (row, start) in seen or not 0 <= start <= len(bases) - LENGTH:
                    continue
                seen.add((row, start))
                if int((bases[start : start + LENGTH] != rows[row]).sum()) <= most:
                    found.append((start, strand, row))
    return found


def write_project(data: Path, work: Path) -> list[Place]:
    """Write records, stretch, sheet and settings; return the promoters in the stretch."""
    with xopen(data / "genomes" / "NC_008253.fna.gz", "rt") as handle:
        genome = next(iter(SimpleFastaParser(handle)))[1].upper()
    with xopen(data / "cnnprom" / "Ecoli_prom.fa", "rt") as handle:
        promoters = [text.upper() for _, text in SimpleFastaParser(handle)]
    alike = places_of(promoters, genome, ALIKE)
    held = {row for start, _, row in alike if START - LENGTH < start < END}
    known = places_of(promoters, genome, SAME)
    tested = [one for one in known if START <= one[0] <= END - LENGTH]
    generator = np.random.default_rng(SEED)
    taken = {(start // LENGTH, strand) for start, strand, _ in known}
    rows: dict[tuple[str, str], list[str]] = {}
    for row, text in enumerate(promoters):
        later = "validation" if generator.random() < VALIDATION else "train"
        rows.setdefault(("test" if row in held else later, "promoter"), []).append(text)
    for (role, _), texts in list(rows.items()):
        while len(rows.setdefault((role, "other"), [])) < NEGATIVES * len(texts):
            start, strand = (
                int(generator.integers(len(genome) - LENGTH)),
                "+-"[generator.integers(2)],
            )
            inside = START - LENGTH < start < END
            near = {((start + more) // LENGTH, strand) for more in (-LENGTH, 0, LENGTH)}
            if inside == (role == "test") and not near & taken:
                text = genome[start : start + LENGTH]
                text = text if strand == "+" else str(Seq(text).reverse_complement())
                rows[role, "other"].append(text)
    (work / "config").mkdir(parents=True, exist_ok=True)
    sheet = ["dataset\tfasta\tlabel\tsplit"]
    for (role, label), texts in rows.items():
        name = f"{role}_{label}"
        put(work / f"{name}.fa", "".join(f">{name}_{n}\n{t}\n" for n, t in enumerate(texts)))
        sheet.append(f"promoters\t{name}.fa\t{label}\t{role}")
    put(work / "config" / "datasets.tsv", "\n".join(sheet) + "\n")
    options = {"alphabet": "dna", "positive": "promoter"}
    settings = {
        "datasets": "config/datasets.tsv", "queries": None, "device": "cpu",
        "dataset_options": {"promoters": options}, "models": {"gru": {"cell": "gru"}},
    }  # fmt: skip
    put(work / "config" / "config.yaml", yaml.safe_dump(settings, sort_keys=False))
    put(work / "stretch.fa", f">stretch\n{genome[START:END]}\n")
    return sorted({(start, strand, 0) for start, strand, _ in tested})


def scan(work: Path, cores: int) -> pd.DataFrame:
    """Train the network and score the stretch; one row a window and strand."""
    subprocess.run(
        [BIN / "snakemake", MODEL, "--snakefile", ROOT / "workflow" / "Snakefile",
         "--cores", str(cores)], cwd=work, check=True,
    )  # fmt: skip
    subprocess.run(
        [BIN / "bioseqrnn", "scan", MODEL, "stretch.fa", "--output", "windows.parquet",
         "--window", str(LENGTH), "--stride", str(STRIDE), "--device", "cpu"],
        cwd=work, check=True,
    )  # fmt: skip
    return pd.read_parquet(work / "windows.parquet")


def calls_of(windows: pd.DataFrame) -> pd.DataFrame:
    """The windows that score highest among their neighbours on the strand, the best first."""
    kept = []
    for _, own in windows.groupby("strand"):
        free = np.ones(END - START, bool)
        best = own.sort_values("probability_promoter", ascending=False, kind="stable")
        for row in best.itertuples():
            if free[row.start]:
                free[max(0, row.start - APART) : row.start + APART + 1] = False
                kept.append((row.start, row.strand, row.probability_promoter))
    frame = pd.DataFrame(kept, columns=["start", "strand", "score"])
    return frame.sort_values("score", ascending=False, kind="stable", ignore_index=True)


def found_by(calls: pd.DataFrame, promoters: list[Place]) -> np.ndarray:
    """Number of calls, the best first, that it takes to find each promoter; infinite: none does."""
    ranks = []
    for start, strand, _ in promoters:
        near = (calls["start"] - (start - START)).abs() <= NEAR
        hits = np.flatnonzero(near & (calls["strand"] == strand))
        ranks.append(hits[0] + 1 if len(hits) else np.inf)
    return np.array(ranks)


def figure(ranks: np.ndarray, path: Path) -> None:
    """Draw the share of the promoters found, by calls in a kilobase."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams["svg.hashsalt"] = "promoters"
    kilobases = (END - START) / 1000
    density = np.geomspace(0.01, 10, 200)
    drawing = Figure(figsize=(5, 3.5), layout="constrained")
    axes = drawing.add_subplot()
    shares = [(ranks <= d * kilobases).mean() for d in density]
    axes.plot(density, shares, label="network")
    axes.plot(density, [by_chance(d) for d in density], "--", color="grey", label="random places")
    axes.set(xscale="log", xlabel="calls per kilobase, both strands", ylabel="promoters found")
    axes.legend()
    drawing.savefig(path)


def by_chance(density: float) -> float:
    """Share of the promoters that so many calls in a kilobase, at random places, find."""
    return 1 - float(np.exp(-density * (2 * NEAR + 1) / 2000))


def main(words: list[str] | None = None) -> int:
    """Train, scan and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.promoter_scan",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the data")
    parser.add_argument("--work", type=Path, default=OUT / "promoters", help="folder to run in")
    parser.add_argument("--cores", type=int, default=2)
    given = parser.parse_args(words)
    promoters = write_project(given.data, given.work)
    ranks = found_by(calls_of(scan(given.work, given.cores)), promoters)
    kilobases = (END - START) / 1000
    rows = []
    for density in DENSITIES:
        found = int((ranks <= density * kilobases).sum())
        chance = by_chance(density)
        more = found / len(ranks) / chance
        rows.append([f"{density:g}", share(found, len(ranks)), f"{chance:.3f}", f"{more:.0f} ×"])
    print(f"{len(ranks)} known promoters in {END - START:,} bases\n")
    print(markdown(["calls per kb", "promoters found", "at random", "enriched"], rows))
    figure(ranks, given.work / "promoters.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
