"""States and gates along records: what is written and drawn, and what is refused."""

from __future__ import annotations

import gzip
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from inspected import combined_file, fasta_of, network_file

from bioseqrnn.networks.store import load_model
from bioseqrnn.networks.traces import traces
from bioseqrnn.stages.inspection.memory import trace_memory
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.declared.explanation import OCCURRENCES
from bioseqrnn.tables.declared.inspection import MEMORY

RECORDS = {"one": "ACGTTGCAGNA", "two": "GATTACA" * 16}
SIGNALS = {"rnn": ["h"], "gru": ["r", "z", "h"], "lstm": ["i", "f", "o", "h", "c"]}


def memory(model, fasta, output, **more):
    given = {"records": [], "motifs": None, "only": None, "longest": 5000, "threads": 1}
    trace_memory(model, fasta, output, **given | more)
    return MEMORY.read(output / MEMORY.file)


def said(path):
    root = ElementTree.parse(path).getroot()
    return [e.text or "" for e in root.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("cell", SIGNALS)
def test_the_table_has_every_unit_and_step(tmp_path, cell):
    model = network_file(tmp_path / "m.safetensors", cell=cell, stem_pool=3)
    frame = memory(model, fasta_of(tmp_path / "q.fa", RECORDS), tmp_path / "o")
    assert MEMORY.undeclared(frame.columns) == []
    network = load_model(model, torch.device("cpu"))[0].double()
    for name, text in RECORDS.items():
        rows = frame[frame["id"] == name]
        onehot = np.array([[(c == s) or (c == "N") / 4 for s in "ACGT"] for c in text], np.float32)
        for trace in traces(network, onehot):
            own = rows[rows["direction"] == trace.direction]
            assert list(own["signal"].unique()) == SIGNALS[cell]
            for signal, values in {**trace.gates, **trace.states}.items():
                part = own[own["signal"] == signal]
                units = part[[f"unit_{n}" for n in range(1, 7)]]
                np.testing.assert_allclose(units, values, rtol=1e-8, atol=1e-10)
                np.testing.assert_allclose(part["mean"], values.mean(axis=1), rtol=1e-8, atol=1e-10)
                assert part["position"].tolist() == list(range(1, len(text) + 1, 3))
                assert part["last"].tolist()[-1] == len(text)
        assert (rows["layer"] == 1).all()


@pytest.mark.parametrize("cell", SIGNALS)
def test_the_figure_names_what_it_shows(tmp_path, cell):
    model = network_file(tmp_path / "m.safetensors", cell=cell)
    fasta = fasta_of(tmp_path / "q.fa", RECORDS)
    rows = [
        ("one", "M1", 3, 8, "+", 5.0, 0.01, 0.2), ("other", "M2", 0, 4, "-", 5.0, 0.01, 0.2),
    ]  # fmt: skip
    motifs = tmp_path / "occurrences.tsv.gz"
    text = OCCURRENCES.frame(rows).to_csv(sep="\t", index=False)
    motifs.write_bytes(gzip.compress(text.encode()))
    memory(model, fasta, tmp_path / "o", motifs=motifs)
    short, long = (said(tmp_path / "o" / f"{name}.memory.svg") for name in RECORDS)
    states = [name for name in SIGNALS[cell] if name in "hc"]
    for way in ("forward", "reverse"):
        for name in states:
            assert f"Layer 1, {way}: {name} of each unit" in short
    gates = [name for name in SIGNALS[cell] if name not in "hc"] or ["|h|"]
    assert set(gates) <= set(short)
    assert "M1 +" in short
    assert not {"M1 +", "M2 -"} & set(long)
    assert "".join(line for line in short if line in set("ACGTN")) == RECORDS["one"]
    assert not [line for line in long if line in set("ACGTN")]
    before = (tmp_path / "o" / "one.memory.svg").read_bytes()
    memory(model, fasta, tmp_path / "o", motifs=motifs)
    assert (tmp_path / "o" / "one.memory.svg").read_bytes() == before
    assert len(before) < 100_000


def test_a_network_per_position_has_states_too(tmp_path, capfd):
    model = network_file(
        tmp_path / "m.safetensors", task="per_position", window=100, window_overlap=20
    )
    fasta = fasta_of(tmp_path / "q.fa", RECORDS)
    frame = memory(model, fasta, tmp_path / "o", records=["one"])
    assert frame["last"].max() == len(RECORDS["one"])
    with pytest.raises(InputError, match="record 'two' has 112 residues, but the network reads"):
        memory(model, fasta, tmp_path / "p")
    assert "gru: 6 units of a gru\n" in capfd.readouterr().err


def test_what_of_a_network_is_looked_at_is_said(tmp_path, capfd):
    settings = {"members": 2, "reverse_complement": "average"}
    model = network_file(tmp_path / "m.safetensors", cell="lstm", **settings)
    memory(model, fasta_of(tmp_path / "q.fa", RECORDS), tmp_path / "o", records=["one"])
    wanted = "gru: 6 units of a lstm, first member of the ensemble, given strand"
    assert wanted in capfd.readouterr().err


def test_what_has_no_memory_is_refused(tmp_path):
    model = network_file(tmp_path / "m.safetensors")
    fasta, out = fasta_of(tmp_path / "q.fa", RECORDS), tmp_path / "o"
    with pytest.raises(InputError, match="has no record 'three'"):
        memory(model, fasta, out, records=["three"])
    with pytest.raises(InputError, match="record 'two' has 112 residues, more than --longest"):
        memory(model, fasta, out, longest=100)
    with pytest.raises(InputError, match="has no member 'lstm'; it is gru alone"):
        memory(model, fasta, out, only="lstm")
    (tmp_path / "x.tsv.gz").write_bytes(gzip.compress(b"id\tx\nq\t1\n"))
    with pytest.raises(InputError, match="it has no column 'motif'; make it again"):
        memory(model, fasta, out, motifs=tmp_path / "x.tsv.gz")
    whole = gzip.compress(b"id\tmotif\n" * 1000)
    (tmp_path / "x.tsv.gz").write_bytes(whole[:-9])
    with pytest.raises(InputError, match="not a table of 'motifs'"):
        memory(model, fasta, out, motifs=tmp_path / "x.tsv.gz")
    assert not out.exists() or not list(out.iterdir())


def test_of_a_combination_the_network_is_looked_at(tmp_path):
    model = combined_file(tmp_path)
    fasta, out = fasta_of(tmp_path / "r.fasta", RECORDS), tmp_path / "o"
    whole = memory(model, fasta, out)
    alone = memory(tmp_path / "gru.safetensors", fasta, tmp_path / "alone")
    assert whole.equals(alone)
    with pytest.raises(InputError, match="pwm has no states; give a model with a network"):
        memory(model, fasta, tmp_path / "p", only="pwm")
