"""Whether planted motifs are found by the networks that learned them, and nothing else.

    python -m benchmarks.motifs --jaspar JASPAR.txt [--sets dna pair protein place] [--records 2000]
        [--cell gru] [--seed 1] [--work folder]

Each set is made here, half of it positives. The network of one fold is trained, its test records
are attributed by in-silico mutagenesis, and motifs are searched in the attributions, as in the
workflow. ``--jaspar`` is a file of JASPAR matrices (vertebrates): planted motifs are drawn from it,
and what is found is compared with all of it.
The sets are described in ``planted.py``. Of a pair, it is also compared whether ``motif_pairs.tsv``
has its distance.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from benchmarks.planted import (
    DNA,
    FACTORS,
    JITTER,
    PAIRS,
    PATTERNS,
    PLACES,
    Made,
    dna_set,
    pair_set,
    place_set,
    protein_set,
)

from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.config.explanation import ExplanationConfig
from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.motifs.comparison import align, excess
from bioseqrnn.motifs.motif_files import read_motifs
from bioseqrnn.motifs.tomtom import Entry
from bioseqrnn.stages.explanation.attribute import attribute_sequences
from bioseqrnn.stages.explanation.motifs import discover_motifs
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.stages.sequences.run import encode_sequences
from bioseqrnn.stages.training.run import FoldFiles, FoldTraining, train_fold
from bioseqrnn.tables.sequences import read_sequences

# a found matrix of this similarity is the planted one
SAME = 0.7


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


def judged_pair(made: Made, folder: Path) -> str:
    """Say whether the preferred distance of the two planted motifs is the planted one."""
    matrices = {e.identifier: e.frequencies for e in read_found(folder, made.symbols)}
    pairs = pd.read_csv(folder / "motif_pairs.tsv", sep="\t", keep_default_na=False)
    chance = np.full(len(made.symbols), 1 / len(made.symbols))
    names = list(made.planted)
    widths = [len(made.planted[name]) for name in names]
    assert made.spacing is not None
    between, opposite = made.spacing
    for row in pairs[pairs["spaced_q"] < 0.05].sort_values("spaced_p").to_dict("records"):
        # window and strand of each of the two where the planted ones are: first, spacer, second
        windows: dict[str, tuple[int, int, int]] = {}
        for found in (row["motif"], row["other"]):
            own = excess(matrices[found], chance)
            best = [align(excess(0.98 * made.planted[n] + 0.02 * chance, chance), own, True)
                    for n in names]  # fmt: skip
            number = int(np.argmax([one.similarity for one in best]))
            if best[number].similarity < SAME or number in {w[2] for w in windows.values()}:
                break
            place, strand = best[number].offset, int(best[number].reverse)
            if number == 1:
                turned = widths[1] - place - len(own)
                place = widths[0] + between + (turned if opposite else place)
                strand ^= opposite
            windows[found] = (place, strand, number)
        if len(windows) < 2:
            continue
        (start, strand, _), (other, turned, _) = (windows[row[k]] for k in ("motif", "other"))
        wanted = other - start
        if strand:
            wanted = len(matrices[row["motif"]]) - len(matrices[row["other"]]) - wanted
        right = row["distance_low"] - JITTER <= wanted <= row["distance_high"] + JITTER
        right &= row["orientation"] == ("opposite" if strand ^ turned else "same")
        text = f"{row['motif']} to {row['other']}: {row['distance']:.0f}, planted {wanted}"
        return f"{text} (q = {row['spaced_q']:.0e})" if right else f"*{text}*"
    return "*no distance*"


def read_found(folder: Path, symbols: str) -> list[Entry]:
    """The motifs of a run; none if the file has none."""
    path = folder / "motifs.meme"
    return read_motifs(path, symbols) if "MOTIF" in path.read_text() else []


def main() -> None:
    """Print a row a set."""
    parser = argparse.ArgumentParser(description="Planted motifs")
    parser.add_argument("--jaspar", type=Path, required=True, help="matrices as JASPAR text")
    parser.add_argument("--sets", nargs="+", default=["dna", "pair", "protein", "place"])
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
        "pair": [
            lambda rng, n=names, o=opposite: pair_set(rng, n, o, known, options.records)
            for names, opposite in PAIRS
        ],
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
                found = run_set(made, folder, options, options.jaspar if made.both else None)
            cells = judged(made, folder, found, known if made.both else {})
            if made.spacing is not None:
                cells[-1] += f"; {judged_pair(made, folder)}"
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
