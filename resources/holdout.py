"""What both conversion scripts share: hold query records out of the training rows, write FASTA.

A query record's sequence stands nowhere in the training rows (only sequences that occur once are
drawn), and its id says nothing about its class, so the predictions shown in the README are honest.
"""

from __future__ import annotations

import csv
import random
from collections import Counter
from pathlib import Path

SEED = 20261122
WIDTH = 60


def write_fasta(path: Path, records: list[tuple[str, str]]) -> None:
    """Write (id, sequence) pairs as FASTA, wrapped at 60 letters."""
    with path.open("w", encoding="ascii", newline="\n") as handle:
        for name, sequence in records:
            handle.write(f">{name}\n")
            for start in range(0, len(sequence), WIDTH):
                handle.write(sequence[start : start + WIDTH] + "\n")


def write_dataset(folder: Path, records: list[tuple[str, str, str]], per_class: int) -> None:
    """Split (id, class, sequence) records into one FASTA per class, a query FASTA and its truth.

    Raises ValueError where a class has fewer than ``per_class`` sequences that occur once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(SEED)
    times_seen = Counter(sequence for _, _, sequence in records)
    classes = sorted({label for _, label, _ in records})
    held_out: list[tuple[str, str, str]] = []
    for label in classes:
        unique = [r for r in records if r[1] == label and times_seen[r[2]] == 1]
        if len(unique) < per_class:
            raise ValueError(f"class {label}: {len(unique)} unique sequences, {per_class} wanted")
        held_out += rng.sample(unique, per_class)
    rng.shuffle(held_out)
    held_ids = {name for name, _, _ in held_out}

    for label in classes:
        kept = [(n, s) for n, y, s in records if y == label and n not in held_ids]
        write_fasta(folder / f"{label}.fa", kept)
        print(f"{folder / label}.fa: {len(kept)} records")
    query_ids = [f"query{i:03d}" for i in range(1, len(held_out) + 1)]
    write_fasta(
        folder / "query.fa", [(q, s) for q, (_, _, s) in zip(query_ids, held_out, strict=True)]
    )
    with (folder / "query_truth.tsv").open("w", encoding="ascii", newline="") as handle:
        writer = csv.writer(handle, delimiter="\t", lineterminator="\n")
        writer.writerow(["id", "label", "source_id"])
        for query_id, (name, label, _) in zip(query_ids, held_out, strict=True):
            writer.writerow([query_id, label, name])
    print(f"{folder / 'query.fa'}: {len(held_out)} records")
