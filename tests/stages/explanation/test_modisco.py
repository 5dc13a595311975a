"""Attributions as the input of modisco-lite."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import encode

from bioseqrnn.fasta.sources import Source
from bioseqrnn.stages.explanation.modisco import export_modisco
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.attributions import attribution_writer

TEXTS = ["ACGTTGC", "GGNA", "TTTTT"]


def attributed(folder, *, effects=True, symbols="ACGT"):
    """Three records: by two networks, by one, by none. Returns the effects of the runs."""
    kind = "dna" if symbols == "ACGT" else "protein"
    texts = TEXTS if kind == "dna" else ["MKLV", "WYHH"]
    for i, text in enumerate(texts):
        (folder / f"{i}.fa").write_text(f">r{i}\n{text}\n")
    sources = [Source(folder / f"{i}.fa", ("a b", "c")[i % 2]) for i in range(len(texts))]
    table = encode(folder, sources, alphabet=kind)
    about = {
        "alphabet": kind, "symbols": symbols, "strands": table.metadata["strands"],
        "task": table.metadata["task"], "classes": ["a b", "c"], "method": "mutagenesis",
        "background": [1 / len(symbols)] * len(symbols), "records": 3, "eligible": 3,
        "effects": effects,
    }  # fmt: skip
    rng = np.random.default_rng(1)
    made = {}
    with attribution_writer(folder / "attributions.parquet", about) as writer:
        for run, ids in ((("gru", 0, 1), ["r0", "r1"]), (("gru", 0, 2), ["r0"])):
            for name in ids if kind == "dna" else []:
                for label in about["classes"]:
                    x = rng.normal(size=(len(TEXTS[int(name[1])]), 4)).astype(np.float32)
                    made.setdefault((name, label), []).append(x)
                    writer.add(run, name, label, 0.0, x[:, 0], x)
        if kind == "dna":
            writer.refuse(("gru", 0, 1), "r2", "c", "too long")
    return made


def test_records_and_contributions_of_every_base(tmp_path):
    made = attributed(tmp_path)
    given = tmp_path / "attributions.parquet", tmp_path / "sequences.parquet"
    paths = export_modisco(*given, tmp_path / "out")
    assert [path.name for path in paths] == [
        "records.npz", "contributions.a_b.npz", "contributions.c.npz",
    ]  # fmt: skip
    records, *values = (np.load(path)["arr_0"] for path in paths)
    # two records, and an even number of columns
    assert records.shape == (2, 4, 8)
    for row, text in enumerate(TEXTS[:2]):
        for column in range(8):
            base = text[column] if column < len(text) else "-"
            assert records[row, :, column].tolist() == [float(base == x) for x in "ACGT"]
        for label, found in zip(("a b", "c"), values, strict=True):
            mean = np.mean(made[f"r{row}", label], axis=0)
            np.testing.assert_allclose(found[row, :, : len(text)], mean.T, rtol=1e-6)
            assert not found[row, :, len(text) :].any()
    again = export_modisco(*given, tmp_path / "again")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in paths]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"symbols": "ACDEFGHIKLMNPQRSTVWY"}, "modisco-lite reads DNA only"),
        ({"effects": False}, "has no column 'effects'; make the attributions again"),
    ],
)
def test_what_cannot_be_exported_is_one_line(tmp_path, made, said):
    attributed(tmp_path, **made)
    with pytest.raises(InputError, match=said):
        export_modisco(
            tmp_path / "attributions.parquet", tmp_path / "sequences.parquet", tmp_path / "out"
        )
    assert not (tmp_path / "out").exists()
