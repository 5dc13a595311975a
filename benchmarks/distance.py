"""The distance between two motifs at which a recurrent network forgets the first.

    python -m benchmarks.distance [--distances 5 10 20] [--cells rnn gru lstm] [--seeds 3]

Every sequence is random DNA with two motifs, each one of two variants, ``distance`` residues apart;
its class is the pair of variants. Who remembers only the second motif is right half of the time,
who remembers both always. The networks read forwards and answer from their last state alone, with
no stem and no positions, so memory is the only way from the first motif to the answer. All else are
the product's own settings and training loop, but for dropout, which would delete motifs.

Beside the accuracy stands the median norm of ∂h_T/∂s_{T-k} (``bioseqrnn diagnose``), k from the end
of the first motif to the end of the sequence, before and after training.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.fitting.loop import train_network
from bioseqrnn.inference.device import set_deterministic
from bioseqrnn.inference.network import predict_packed
from bioseqrnn.inference.processes import Processes
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.stages.diagnosis.run import measure
from bioseqrnn.stages.sequences.run import encode_sequences
from bioseqrnn.support.arrays import Ints
from bioseqrnn.tables.sequences import SequenceTable, read_sequences

MOTIFS = {"A": "TGACTC", "B": "CACGTG"}
FLANK = 5
VALIDATION, TEST = 500, 1000
REMEMBERED = 0.75
# after so many distances in a row that were not remembered, longer ones are not tried
GIVEN_UP = 2
CPU = torch.device("cpu")


def draw(rng: np.random.Generator, first: str, second: str, distance: int) -> str:
    """Draw flank, motif, ``distance`` random residues, motif, flank; no other motif by chance."""
    while True:
        flank, between, end = (
            "".join(rng.choice(list("ACGT"), size)) for size in (FLANK, distance, FLANK)
        )
        sequence = flank + MOTIFS[first] + between + MOTIFS[second] + end
        if sum(sequence.count(motif) for motif in MOTIFS.values()) == 2:
            return sequence


def make_table(distance: int, records: int, seed: int) -> SequenceTable:
    """Write one FASTA a class, as many records each, and encode them."""
    rng = np.random.default_rng([distance, seed])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources = []
        for first, second in product(MOTIFS, MOTIFS):
            path = folder / f"{first}{second}.fa"
            lines = [
                f">{path.stem}_{i}\n{draw(rng, first, second, distance)}\n"
                for i in range(records // 4)
            ]
            path.write_text("".join(lines))
            sources.append(Source(path, path.stem))
        output = folder / "sequences.parquet"
        options = DatasetOptions(alphabet="dna")
        encode_sequences(
            sources, output, folder / "intake.tsv", options=options, where=f"distance {distance}"
        )
        return read_sequences(output)


def norm_at(
    network: SequenceClassifier, config: ModelConfig, table: SequenceTable, k: int
) -> float:
    """Median norm of ∂h_T/∂s_{T-k} over 32 records."""
    card = {"model": config.cell, "config": config.model_dump()}
    (curve,) = measure(network, card, table, np.arange(0, len(table), len(table) // 32), k)
    return float(np.median(curve.norms[:, k]))


def run(cell: str, distance: int, seed: int, records: int, epochs: int) -> dict[str, object]:
    """Train one network on fresh sequences and score it on held-out ones."""
    set_deterministic(seed, 1)
    table = make_table(distance, records + VALIDATION + TEST, seed)
    rows: Ints = np.random.default_rng(seed).permutation(len(table))
    train, validation, test = np.split(rows, [records, records + VALIDATION])
    config = ModelConfig(
        cell=cell, hidden_size=32, bidirectional=False, stem_filters=0, positions=0,
        pooling=["last"], dropout=0.0, epochs=epochs, patience=epochs,
    )  # fmt: skip
    k = distance + len(MOTIFS["B"]) + FLANK
    torch.manual_seed(seed)
    before = norm_at(SequenceClassifier(config, 4, 4), config, table, k)
    start = time.process_time()
    trained = train_network(
        table,
        train,
        validation,
        config,
        seed=seed,
        processes=Processes(CPU),
        what=f"{cell}, distance {distance}, seed {seed}",
    )
    seconds = time.process_time() - start
    probability = predict_packed(trained.network, table.packed, table.alphabet, test, CPU)
    accuracy = float((probability.argmax(1) == table.targets[test]).mean())
    after = norm_at(trained.network, config, table, k)
    return {
        "cell": cell, "distance": distance, "seed": seed, "accuracy": accuracy,
        "before": before, "after": after, "seconds": seconds,
    }  # fmt: skip


def run_cell(
    cell: str, distances: list[int], seeds: int, records: int, epochs: int, every: bool
) -> list[dict[str, object]]:
    """All distances of one cell, shortest first, until it has stopped remembering."""
    results: list[dict[str, object]] = []
    failed = 0
    for distance in sorted(distances):
        runs = [run(cell, distance, seed + 1, records, epochs) for seed in range(seeds)]
        results += runs
        mean = np.mean([float(str(r["accuracy"])) for r in runs])
        sys.stderr.write(f"{cell}, distance {distance}: mean accuracy {mean:.3f}\n")
        failed = failed + 1 if mean < REMEMBERED else 0
        if failed == GIVEN_UP and not every:
            break
    return results


def print_tables(results: pd.DataFrame, distances: list[int]) -> None:
    """Print accuracies, gradient norms and where memory ends as Markdown."""
    cells = list(dict.fromkeys(results["cell"]))
    print(f"| distance | {' | '.join(f'{c} accuracy | {c} norm' for c in cells)} |")
    print(f"|---|{'---|' * (2 * len(cells))}")
    for distance in sorted(distances):
        shown = [str(distance)]
        for cell in cells:
            runs = results[(results["cell"] == cell) & (results["distance"] == distance)]
            if runs.empty:
                shown += ["–", "–"]
                continue
            values = runs["accuracy"]
            shown.append(f"{values.mean():.3f} ({values.min():.3f}–{values.max():.3f})")
            shown.append(f"{runs['before'].median():.1g} → {runs['after'].median():.1g}")
        print(f"| {' | '.join(shown)} |")
    for cell in cells:
        means = results[results["cell"] == cell].groupby("distance")["accuracy"].mean()
        lost = means.index[means < REMEMBERED]
        verdict = f"stops remembering at {lost[0]}" if len(lost) else f"remembers {means.index[-1]}"
        print(f"\n{cell}: {verdict}")
    print(f"\n{results['seconds'].sum():.0f} s of processor time in training")


def main() -> None:
    """Parse arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--distances", type=int, nargs="+", default=[5, 10, 20, 40, 80, 160, 320])
    parser.add_argument("--cells", nargs="+", default=["rnn", "gru", "lstm"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--records", type=int, default=4000, help="that train")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--every", action="store_true", help="also distances beyond memory")
    parser.add_argument("--output", type=Path, help="TSV of every run")
    options = parser.parse_args()
    results: list[dict[str, object]] = []
    for cell in options.cells:
        results += run_cell(
            cell, options.distances, options.seeds, options.records, options.epochs, options.every
        )
        if options.output:
            pd.DataFrame(results).to_csv(options.output, sep="\t", index=False)
    print_tables(pd.DataFrame(results), options.distances)


if __name__ == "__main__":
    main()
