"""Whether planted motifs are found by the networks that learned them, and nothing else.

    python -m benchmarks.motifs --jaspar JASPAR.txt [--sets dna pair protein place] [--records 2000]
        [--cell gru] [--seed 1] [--work folder] [--again] [--peer modisco --peer-python PYTHON]

Each set is made here, half of it positives. The network of one fold is trained, its test records
are attributed by in-silico mutagenesis, and motifs are searched in the attributions, as in the
workflow. ``--jaspar`` is a file of JASPAR matrices (vertebrates): planted motifs are drawn from it,
and what is found is compared with all of it.
The sets are described in ``planted.py``. Of a pair, it is also compared whether ``motif_pairs.tsv``
has its distance. With ``--again``, networks and attributions that an earlier run left in ``--work``
are not made again. With ``--peer modisco``, modisco-lite searches the same attributions of DNA
(``modisco_peer.py``; ``--peer-python`` has it, see ``requirements-motifs.txt``).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from benchmarks.modisco_peer import search
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
from bioseqrnn.motifs.tomtom import Database, Entry
from bioseqrnn.stages.explanation.attribute import attribute_sequences
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.stages.sequences.run import encode_sequences
from bioseqrnn.stages.training.run import FoldFiles, FoldTraining, train_fold
from bioseqrnn.tables.sequences import read_sequences

# a found matrix of this similarity is the planted one
SAME = 0.7


def train_set(made: Made, folder: Path, options: argparse.Namespace) -> None:
    """Train a network of one fold."""
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


def attribute_set(made: Made, folder: Path) -> None:
    """Attribute the test records of the fold."""
    # of the records that are drawn, a network of one fold attributes those of its fold
    drawn = len(made.positives) + len(made.negatives)
    attribute_sequences(
        [folder / "model.safetensors"], folder / "sequences.parquet", folder / "folds.parquet",
        folder, selected=None, temperatures=None,
        settings=ExplanationConfig(records=drawn, changes=10**9),
        machine=MachineConfig(device="cpu"),
    )  # fmt: skip


def find(folder: Path, database: Path | None) -> tuple[pd.DataFrame, float]:
    """Search by ``bioseqrnn motifs``: ``motifs.tsv``, and the CPU seconds of the command."""
    words = ["--sequences", "sequences.parquet", "--output", ".", "--threads", "1"]
    words += ["--database", str(database.resolve())] if database else []
    started = children_seconds()
    subprocess.run(
        [sys.executable, "-m", "bioseqrnn", "motifs", "attributions.parquet", *words],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return pd.read_csv(folder / "motifs.tsv", sep="\t"), children_seconds() - started


def children_seconds() -> float:
    """CPU seconds of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def judged(
    made: Made, found: pd.DataFrame, matrices: dict[str, np.ndarray], known: dict[str, Entry]
) -> list[str]:
    """Cells of the table: recovered, false motifs, and what was found."""
    said, false, recovered = [], 0, set()
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
    return [f"{len(recovered)} of {total}", str(false), "; ".join(said) or "nothing"]


def judged_pair(made: Made, folder: Path, matrices: dict[str, np.ndarray]) -> str:
    """Say whether the preferred distance of the two planted motifs is the planted one."""
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


def read_found(folder: Path, symbols: str) -> dict[str, np.ndarray]:
    """The motifs of a run by name; none if the file has none."""
    path = folder / "motifs.meme"
    entries = read_motifs(path, symbols) if "MOTIF" in path.read_text() else []
    return {entry.identifier: entry.frequencies for entry in entries}


def rows_of(made: Made, folder: Path, options: argparse.Namespace, database: Database,
            known: dict[str, Entry]) -> list[list[str]]:  # fmt: skip
    """Rows of the table of one set: what each method found in the attributions."""
    if not (options.again and (folder / "model.safetensors").exists()):
        train_set(made, folder, options)
    if not (options.again and (folder / "attributions.parquet").exists()):
        attribute_set(made, folder)
    found, seconds = find(folder, options.jaspar if made.both else None)
    matrices = read_found(folder, made.symbols)
    cells = judged(made, found, matrices, known if made.both else {})
    if made.spacing is not None:
        cells[-1] += f"; {judged_pair(made, folder, matrices)}"
    rows = [[made.name, "bioseqrnn", *cells, f"{auroc(folder):.3f}", f"{seconds:.0f}"]]
    if options.peer and made.symbols == DNA:
        started = children_seconds()
        found, matrices = search(folder, options.peer_python, database)
        seconds = children_seconds() - started
        cells = judged(made, found, matrices, known)
        rows.append([made.name, "modisco-lite", *cells, rows[0][-2], f"{seconds:.0f}"])
    return rows


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
    parser.add_argument("--again", action="store_true", help="use what is in --work")
    parser.add_argument("--peer", choices=["modisco"], help="search of DNA by another method, too")
    parser.add_argument("--peer-python", type=Path, help="interpreter that has it")
    options = parser.parse_args()
    if options.peer and options.peer_python is None:
        parser.error("--peer needs --peer-python")
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
    database = Database(entries, True)
    print("| planted | method | recovered | false | found (*false*) | AUROC | search, CPU s |")
    print("|---|---|---|---|---|---|---|")
    for kind in options.sets:
        for number, make in enumerate(makers[kind]):
            made = make(np.random.default_rng([options.seed, number, len(kind)]))
            if options.only not in made.name:
                continue
            folder = (options.work or Path(tempfile.mkdtemp())) / f"{kind}-{number}"
            log = io.StringIO()
            with contextlib.redirect_stderr(log), contextlib.redirect_stdout(log):
                rows = rows_of(made, folder, options, database, known)
            for cells in rows:
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
