"""Files of a dataset with a planted word, attributed as a perfect network would do it."""

from __future__ import annotations

import numpy as np
from attributed import write_attributions
from conftest import encode
from planted import DNA, planted

from bioseqrnn.fasta.sources import Source
from bioseqrnn.stages.explanation.motifs import discover_motifs

WORD = "TGACTCAGCA"
COUNTS = {"W1": WORD, "W2": "CCCGGGAAAT", "W3": "ATATATTTAA", "W4": "GCGCAAGTCC"}


def jaspar_text():
    lines = []
    for name, word in COUNTS.items():
        lines.append(f">{name} {name}x")
        lines += [f"{s} [ {' '.join(str(97 * (c == s) + 1) for c in word)} ]" for s in DNA]
    return "\n".join(lines) + "\n"


def make(folder, keep=lambda _row: True, noise=False, runs=(("gru", 0, 1), ("gru", 1, 1))):
    """400 records, half with the word, attributed by two folds; the last class is `pos`."""
    records, values, truth = planted([WORD], n=400, both=True)
    if noise:
        values = np.random.default_rng(1).normal(0, 0.1, values.shape).astype(np.float32)
    texts = ["".join(DNA[c] for c in records.codes[a:b]) for a, b in
             zip(records.offsets, records.offsets[1:], strict=False)]  # fmt: skip
    sources = []
    for label, part in (("pos", texts[:200]), ("neg", texts[200:])):
        path = folder / f"{label}.fa"
        path.write_text("".join(f">{label}{i}\n{text}\n" for i, text in enumerate(part)))
        sources.append(Source(path, label))
    table = encode(folder, sources, strands="both")
    path = folder / "attributions.parquet"
    write_attributions(path, table, records, values, runs, ["pos"], keep)
    (folder / "known.jaspar").write_text(jaspar_text())
    return table, truth[WORD]


def run(folder, **more):
    options = {"databases": [folder / "known.jaspar"], "jaspar": None, "seed": 1, "threads": 1}
    path = folder / "out"
    discover_motifs(
        folder / "attributions.parquet", folder / "sequences.parquet", path, **options | more
    )
    return path
