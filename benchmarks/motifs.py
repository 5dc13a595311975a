"""Whether planted motifs are found by the networks that learned them, and nothing else.

    python -m benchmarks.motifs --jaspar JASPAR.txt [--sets dna protein place] [--records 2000]
        [--cell gru] [--seed 1] [--work folder]

Each set is made here, half of it positives. The network of one fold is trained, its test records
are attributed by in-silico mutagenesis, and motifs are searched in the attributions, as in the
workflow. ``--jaspar`` is a file of JASPAR matrices (vertebrates): planted motifs are drawn from it,
and what is found is compared with all of it.

DNA: 150 bases, both strands, 1 to 3 motifs (10 factors in all). 20 % of the positives have no
motif; each other one has each motif of the set with probability 0.7, and one at least. Negatives
are dinucleotide shuffles of the positives' background. A decoy, a motif of another factor, is in
30 % of all records. Proteins: patterns like those of PROSITE in 60 to 100 random residues. Fixed
places: peptides and 60 bases in which some positions decide.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.config.explanation import ExplanationConfig
from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.motifs.comparison import align, excess
from bioseqrnn.motifs.motif_files import read_motifs
from bioseqrnn.motifs.tomtom import Entry
from bioseqrnn.onehot.alphabet import ALPHABETS
from bioseqrnn.stages.explanation.attribute import attribute_sequences
from bioseqrnn.stages.explanation.motifs import discover_motifs
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.stages.sequences.negatives.shuffle import shuffle
from bioseqrnn.stages.sequences.run import encode_sequences
from bioseqrnn.stages.training.run import FoldFiles, FoldTraining, train_fold
from bioseqrnn.tables.sequences import read_sequences

DNA, PROTEIN = (ALPHABETS[name].symbols for name in ("dna", "protein"))
FACTORS = (
    ("CTCF",),
    ("TP53",),
    ("GATA1", "SP1"),
    ("NFYA", "MAX", "STAT1"),
    ("FOXA2", "CEBPA", "ETS1"),
)
DECOY = "REST"
# as in PROSITE: the P-loop, N-glycosylation, part of the C2H2 zinc finger, RGD, the ER signal
PATTERNS = (("[AG]....GK[ST]",), ("N.[ST]",), ("C..C...[LIVM]",), ("RGD", "[KR].[LI]..[FY]"))
PLACES = {
    "9-mers, anchors 2 and 9": (PROTEIN, 9, {1: "LM", 8: "VL"}),
    "8-mers, positions 4 and 5": (PROTEIN, 8, {3: "FY", 4: "PL"}),
    "60 bases, GT at 31": (
        DNA,
        60,
        {27: "CA", 28: "A", 29: "G", 30: "G", 31: "T", 32: "AG", 33: "A"},
    ),
}
WITHOUT, HELD, DECOYED, NOISE = 0.2, 0.7, 0.3, 0.9
# a found matrix of this similarity is the planted one
SAME = 0.7


@dataclass(frozen=True)
class Made:
    """One set: its records, and the matrices that were planted, by name."""

    name: str
    positives: list[str]
    negatives: list[str]
    planted: dict[str, np.ndarray]
    symbols: str
    both: bool
    # first positions of motifs at fixed places
    places: tuple[int, ...] = ()


def word(rng: np.random.Generator, matrix: np.ndarray, symbols: str) -> str:
    """Draw a word from a matrix."""
    return "".join(rng.choice(list(symbols), p=row / row.sum()) for row in matrix)


def plant(rng: np.random.Generator, text: str, piece: str, used: list[tuple[int, int]]) -> str:
    """Put a word at a random place that has no other one."""
    for _ in range(100):
        start = int(rng.integers(0, len(text) - len(piece) + 1))
        if all(start + len(piece) <= a or start >= b for a, b in used):
            used.append((start, start + len(piece)))
            return text[:start] + piece + text[start + len(piece) :]
    return text


def reverse_complement(text: str) -> str:
    """Return the other strand."""
    return text[::-1].translate(str.maketrans(DNA, DNA[::-1]))


def dna_set(
    rng: np.random.Generator, names: tuple[str, ...], known: dict[str, Entry], n: int
) -> Made:
    """Positives with motifs of some factors, and shuffled negatives."""
    decoy = known[DECOY].frequencies
    positives, negatives = [], []
    shares = rng.dirichlet([20] * 4, n // 2)
    for number in range(n // 2):
        text = "".join(rng.choice(list(DNA), 150, p=shares[number]))
        negatives.append(shuffle(text, 2, int(rng.integers(2**31))))
        used: list[tuple[int, int]] = []
        if rng.random() >= WITHOUT:
            held = [name for name in names if rng.random() < HELD] or [str(rng.choice(names))]
            for name in held:
                piece = word(rng, known[name].frequencies, DNA)
                text = plant(
                    rng, text, piece if rng.random() < 0.5 else reverse_complement(piece), used
                )
        positives.append(text)
        for texts in (positives, negatives):
            if rng.random() < DECOYED:
                texts[-1] = plant(
                    rng, texts[-1], word(rng, decoy, DNA), used if texts is positives else []
                )
    planted = {name: known[name].frequencies for name in names}
    return Made(" + ".join(names), positives, negatives, planted, DNA, True)


def matrix_of(pattern: str) -> np.ndarray:
    """A pattern such as ``[AG]..K`` as frequencies of residues."""
    rows, at = [], 0
    while at < len(pattern):
        end = pattern.index("]", at) + 1 if pattern[at] == "[" else at + 1
        letters = pattern[at:end].strip("[]")
        rows.append([float(letters == "." or s in letters) for s in PROTEIN])
        at = end
    matrix = np.array(rows)
    return matrix / matrix.sum(axis=1, keepdims=True)


def protein_set(rng: np.random.Generator, patterns: tuple[str, ...], n: int) -> Made:
    """Random proteins, with patterns in 80 % of the positives."""
    planted = {pattern: matrix_of(pattern) for pattern in patterns}
    groups: tuple[list[str], list[str]] = ([], [])
    for positive, texts in zip((True, False), groups, strict=True):
        for _ in range(n // 2):
            text = "".join(rng.choice(list(PROTEIN), rng.integers(60, 101)))
            if positive and rng.random() >= WITHOUT:
                used: list[tuple[int, int]] = []
                held = [p for p in patterns if rng.random() < HELD] or [str(rng.choice(patterns))]
                for pattern in held:
                    text = plant(rng, text, word(rng, planted[pattern], PROTEIN), used)
            texts.append(text)
    return Made(" + ".join(patterns), *groups, planted, PROTEIN, False)


def place_set(rng: np.random.Generator, name: str, n: int) -> Made:
    """Records in which residues at fixed places decide; each is right with probability 0.9."""
    symbols, length, wanted = PLACES[name]
    groups: tuple[list[str], list[str]] = ([], [])
    for positive, texts in zip((True, False), groups, strict=True):
        for _ in range(n // 2):
            residues = rng.choice(list(symbols), length)
            if positive and rng.random() >= WITHOUT:
                for place, letters in wanted.items():
                    if rng.random() < NOISE:
                        residues[place] = rng.choice(list(letters))
            texts.append("".join(residues))
    return Made(name, *groups, {}, symbols, False, tuple(wanted))


def run_set(
    made: Made, folder: Path, options: argparse.Namespace, database: Path | None
) -> pd.DataFrame:
    """Train, attribute, search: return ``motifs.tsv``."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = []
    for label, texts in (("neg", made.negatives), ("pos", made.positives)):
        path = folder / f"{label}.fa"
        path.write_text("".join(f">{label}{i}\n{text}\n" for i, text in enumerate(texts)))
        sources.append(Source(path, label))
    table, folds = folder / "sequences.parquet", folder / "folds.parquet"
    encode_sequences(
        sources, table, folder / "intake.tsv",
        options=DatasetOptions(
            alphabet="dna" if made.symbols == DNA else "protein", positive="pos",
            strands="both" if made.both else "single",
        ),
    )  # fmt: skip
    split = FoldsConfig(count=5, validation_fraction=0.1, seed=1, grouping="duplicates")
    split_table(read_sequences(table), folds, split)
    files = FoldFiles(
        *(folder / n for n in ("model.safetensors", "history.tsv", "predictions.parquet"))
    )
    training = FoldTraining("network", ModelConfig(cell=options.cell), 0, options.seed)
    train_fold(table, folds, files, training, machine=MachineConfig(device="cpu"))
    attribute_sequences(
        [folder / "model.safetensors"], table, folds, folder, selected=None, temperatures=None,
        settings=ExplanationConfig(records=400), machine=MachineConfig(device="cpu"),
    )  # fmt: skip
    discover_motifs(
        folder / "attributions.parquet", table, folder, seed=1, threads=1,
        databases=[database] if database else [], jaspar=None,
    )  # fmt: skip
    return pd.read_csv(folder / "motifs.tsv", sep="\t")


def judged(made: Made, folder: Path, found: pd.DataFrame, known: dict[str, Entry]) -> list[str]:
    """Cells of the table: planted, recovered, false motifs, and what was found."""
    said, false, recovered = [], 0, set()
    matrices = {e.identifier: e.frequencies for e in read_found(folder, made.symbols)}
    chance = np.full(len(made.symbols), 1 / len(made.symbols))
    for row in found.to_dict("records"):
        own = excess(matrices[row["motif"]], chance)
        best, similar = "", 0.0
        for name, matrix in made.planted.items():
            smooth = 0.98 * matrix + 0.02 * chance
            value = align(excess(smooth, chance), own, made.both).similarity
            if value > similar:
                best, similar = name, value
        right = similar >= SAME and row["sign"] == "for"
        text = str(row["consensus"])
        if made.places:
            places = range(int(row["position"]), int(row["position"]) + int(row["width"]))
            hit = set(places) & set(made.places) if row["anchor"] == "start" else set()
            right = bool(hit) and row["position_share"] > 0.5 and row["sign"] == "for"
            best = ",".join(str(place + 1) for place in sorted(hit))
            recovered |= hit if right else set()
            text += f" at {int(row['position']) + 1}"
        elif right and known:
            named = str(row["match"]).split(" ", 1)[1]
            text += f" ({named}, q = {row['match_q']:.0e})"
            # a paralog whose matrix cannot be told from the planted one counts
            twin = align(
                excess(0.98 * made.planted[best] + 0.005, chance),
                excess(0.98 * known[named].frequencies + 0.005, chance), True,
            ).similarity  # fmt: skip
            recovered |= {best} if twin >= 0.85 and row["match_q"] < 0.05 else set()
        elif right:
            recovered.add(best)
        false += not right
        said.append(text if right else f"*{text}* ({row['sign']}, {row['sites']} sites)")
    total = len(made.places or made.planted)
    return [made.name, f"{len(recovered)} of {total}", str(false), "; ".join(said) or "nothing"]


def read_found(folder: Path, symbols: str) -> list[Entry]:
    """The motifs of a run; none if the file has none."""
    path = folder / "motifs.meme"
    return read_motifs(path, symbols) if "MOTIF" in path.read_text() else []


def main() -> None:
    """Print a row a set."""
    parser = argparse.ArgumentParser(description="Planted motifs")
    parser.add_argument("--jaspar", type=Path, required=True, help="matrices as JASPAR text")
    parser.add_argument("--sets", nargs="+", default=["dna", "protein", "place"])
    parser.add_argument("--only", default="", help="part of the name of the sets to run")
    parser.add_argument("--records", type=int, default=2000)
    parser.add_argument("--cell", default="gru", choices=["rnn", "gru", "lstm"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, help="folder that keeps the results")
    options = parser.parse_args()
    entries = read_motifs(options.jaspar, DNA)
    known: dict[str, Entry] = {}
    for entry in entries:
        known.setdefault(entry.name, entry)
    makers = {
        "dna": [lambda rng, n=names: dna_set(rng, n, known, options.records) for names in FACTORS],
        "protein": [lambda rng, p=p: protein_set(rng, p, options.records) for p in PATTERNS],
        "place": [lambda rng, p=p: place_set(rng, p, options.records) for p in PLACES],
    }
    print(
        "| planted | recovered | false | found (*false*) | AUROC | s |\n|---|---|---|---|---|---|"
    )
    for kind in options.sets:
        for number, make in enumerate(makers[kind]):
            made = make(np.random.default_rng([options.seed, number, len(kind)]))
            if options.only not in made.name:
                continue
            folder = (options.work or Path(tempfile.mkdtemp())) / f"{kind}-{number}"
            log, started = io.StringIO(), time.perf_counter()
            with contextlib.redirect_stderr(log), contextlib.redirect_stdout(log):
                found = run_set(made, folder, options, options.jaspar if kind == "dna" else None)
            cells = judged(made, folder, found, known if kind == "dna" else {})
            seconds = time.perf_counter() - started
            cells += [f"{auroc(folder):.3f}", f"{seconds:.0f}"]
            print("| " + " | ".join(cells) + " |", flush=True)
            if options.work is None:
                shutil.rmtree(folder.parent)
            else:
                (folder / "log").write_text(log.getvalue())


def auroc(folder: Path) -> float:
    """Area under the ROC curve on the test records of the fold."""
    from sklearn.metrics import roc_auc_score

    from bioseqrnn.support.io import read_parquet

    rows = read_parquet(folder / "predictions.parquet", "predictions")[0].to_pandas()
    rows = rows[rows["role"] == "test"]
    return float(roc_auc_score(rows["target"], rows["probability_pos"]))


if __name__ == "__main__":
    main()
