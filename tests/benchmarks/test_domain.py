"""The benchmark of the domain: every record is counted, and changed ones are told apart."""

from __future__ import annotations

import numpy as np
from benchmarks.domain import CHANGES, measured
from conftest import encode

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.stages.folds.run import split_table


def test_held_out_records_are_inside_and_short_ones_outside(tmp_path):
    rng = np.random.default_rng(1)
    for name in "ab":
        texts = ["".join(rng.choice(list("ACGT"), 60)) for _ in range(150)]
        lines = [f">{name}{i}\n{text}\n" for i, text in enumerate(texts)]
        (tmp_path / f"{name}.fa").write_text("".join(lines))
    table = encode(tmp_path, [Source(tmp_path / f"{name}.fa", name) for name in "ab"])
    settings = FoldsConfig(count=3, validation_fraction=0.2, seed=1, grouping="duplicates")
    split_table(table, tmp_path / "folds.parquet", settings)
    counts = measured(tmp_path)
    assert {name: of.sum() for name, of in counts.items()} == dict.fromkeys(CHANGES, 300)
    assert counts["held out"][0] > 240
    for name in ("first half of each", "each twice in a row", "the first 3 residues"):
        assert counts[name].tolist() == [0, 0, 300]
