"""``import bioseqrnn``: every kind of model and of records, with the numbers of ``predict``."""

from __future__ import annotations

import gzip
import io
import json
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from Bio import SeqIO
from Bio.Seq import Seq
from Bio.SeqRecord import SeqRecord
from conftest import RESOURCES, ROOT
from small_models import CLASSES, small_network

import bioseqrnn
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.networks.keras.convert import import_keras
from bioseqrnn.stages.prediction.run import predict_query

KERAS = ROOT / "tests" / "data" / "keras"


def commanded(folder, fasta, model, **more):
    """The table that the command writes."""
    out = folder / "of_the_command.parquet"
    predict_query(fasta, model, [out], machine=MachineConfig(device="cpu"), **more)
    return pq.read_table(out).replace_schema_metadata()


def records_of(count, seed=3, letters="ACGTN", longest=120):
    rng = random.Random(seed)
    return {f"r{i}": "".join(rng.choices(letters, k=rng.randint(1, longest))) for i in range(count)}


def write(path, records):
    path.write_text("".join(f">{n} of a test\n{s}\n" for n, s in records.items()))
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    small_network(path, "multiclass", trained_lengths=[1, 120])
    return bioseqrnn.load_model(path, device="cpu")


# --- Kinds of models ----------------------------------------------------------------------------


@pytest.mark.parametrize("task", CLASSES)
def test_every_task_has_the_rows_of_the_command(tmp_path, task):
    path = small_network(tmp_path / "model.safetensors", task)
    loaded = bioseqrnn.load_model(path)
    records = records_of(30) | {"bad": "AC!"}
    fasta = write(tmp_path / "q.fa", records)
    expected = commanded(tmp_path, fasta, path)
    assert loaded.predict(fasta, output="arrow").equals(expected)
    assert loaded.predict(records, output="arrow").equals(expected)
    frame = loaded.predict(records, quiet=True)
    pd.testing.assert_frame_equal(frame, expected.to_pandas())
    assert (loaded.task, loaded.classes) == (task, CLASSES[task])
    assert loaded.window == (40 if task == "per_position" else None)


def test_a_model_of_keras(tmp_path):
    case = json.loads((KERAS / "expected.json").read_text())["rnn.keras"]
    units = max(2, len(case["outputs"][0]))
    import_keras(
        KERAS / "rnn.keras", tmp_path / "m.safetensors", alphabet=case["alphabet"],
        classes=[f"c{k}" for k in range(units)], symbols=case["symbols"],
    )  # fmt: skip
    loaded = bioseqrnn.load_model(tmp_path / "m.safetensors")
    assert loaded.trained_on is None
    frame = loaded.predict(case["sequences"]).filter(like="probability_")
    outputs = np.array(case["outputs"])
    given = frame.to_numpy() if outputs.shape[1] > 1 else frame.to_numpy()[:, 1:]
    np.testing.assert_allclose(given, outputs, atol=1e-5)


def test_what_a_model_says_of_itself(tmp_path):
    path = small_network(
        tmp_path / "m.safetensors", "binary", thresholds={"yes": 0.3}, temperature=0.5,
        trained_lengths=[20, 60],
    )  # fmt: skip
    loaded = bioseqrnn.load_model(str(path))
    assert (loaded.name, loaded.alphabet, loaded.strands) == ("gru", "dna", "single")
    assert (loaded.positive, loaded.threshold, loaded.thresholds) == ("yes", 0.3, {"yes": 0.3})
    assert (loaded.temperature, loaded.members) == (0.5, {"gru": 1.0})
    assert (loaded.trained_on, loaded.trained_lengths) == (10, (20, 60))
    assert repr(loaded) == "<bioseqrnn.Model gru (dna, binary: no, yes, trained on 10 records)>"
    # a copy: the model is not changed
    loaded.card["thresholds"]["yes"] = 0.9
    assert loaded.card["thresholds"] == {"yes": 0.3}
    frame = loaded.predict(records_of(50), quiet=True)
    assert (frame["threshold_yes"] == 0.3).all()
    called = np.where(frame["probability_yes"] >= 0.3, "yes", "no")
    assert frame["call"].tolist() == called.tolist()
    assert len(set(called)) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"path": "none.safetensors"}, "none.safetensors"),
        ({"member": "cnn"}, "has no member 'cnn'"),
        ({"device": "tpu"}, "device must be 'auto', 'cpu' or 'cuda', not 'tpu'"),
        ({"threads": 0}, "threads"),
    ],
)
def test_a_model_that_cannot_be_loaded(model, words, said):
    with pytest.raises(bioseqrnn.InputError, match=said):
        bioseqrnn.load_model(**({"path": model.path} | words))


# --- Kinds of records ---------------------------------------------------------------------------

RECORDS = {"a": "ACGTTGCA", "b": "acg-tu\n", "c": "", "d": "ACG1", "e": "GGRN"}
BIO = [SeqRecord(Seq(text), id=name, description="x") for name, text in RECORDS.items()]
FRAME = pd.DataFrame({"id": list(RECORDS), "n": 1, "sequence": list(RECORDS.values())})
KINDS = {
    "dictionary": RECORDS,
    "list of Biopython": BIO,
    "iterator of Biopython": iter(BIO),
    "frame": FRAME,
    "frame of categories": FRAME.astype({"sequence": "category"}),
    "series": pd.Series(RECORDS),
    "arrow": pa.table({"id": list(RECORDS), "sequence": list(RECORDS.values())}),
    "arrow of dictionaries": pa.table(
        {
            "id": pa.array(list(RECORDS)),
            "sequence": pa.array(list(RECORDS.values())).dictionary_encode(),
        }
    ),
    "batch": pa.RecordBatch.from_pydict({"sequence": list(RECORDS.values()), "id": list(RECORDS)}),
}
UNNAMED = {
    "list": list(RECORDS.values()),
    "generator": (text for text in RECORDS.values()),
    "Seq": [Seq(text) for text in RECORDS.values()],
    "frame without ids": FRAME[["sequence"]],
    "array": np.array(list(RECORDS.values())),
}


@pytest.mark.parametrize("kind", KINDS)
def test_records_of_any_kind(model, kind):
    expected = model.predict(RECORDS)
    assert expected["id"].tolist() == list(RECORDS)
    assert expected["status"].tolist() == ["predicted"] * 2 + ["refused"] * 2 + ["predicted"]
    pd.testing.assert_frame_equal(model.predict(KINDS[kind]), expected)


@pytest.mark.parametrize("kind", UNNAMED)
def test_records_without_ids_are_numbered(model, kind):
    frame = model.predict(UNNAMED[kind])
    assert frame["id"].tolist() == list("12345")
    pd.testing.assert_frame_equal(
        frame.drop(columns="id"), model.predict(RECORDS).drop(columns="id")
    )


def test_one_record_alone(model):
    expected = model.predict({"1": "ACGT"})
    for one in ("ACGT", Seq("ACGT"), SeqRecord(Seq("ACGT"), id="1")):
        pd.testing.assert_frame_equal(model.predict(one), expected)


@pytest.mark.parametrize("nothing", [[], {}, pd.DataFrame({"id": [], "sequence": []})])
def test_no_records_are_no_rows(model, nothing):
    frame = model.predict(nothing)
    assert len(frame) == 0
    assert list(frame) == list(model.predict("ACGT"))


def test_missing_values_and_odd_ids(model):
    found = model.predict(pd.Series(["AC", None, float("nan")], index=[7, "x", "y z"]))
    assert found["id"].tolist() == ["7", "x", "y z"]
    assert found["status"].tolist() == ["predicted", "refused", "refused"]
    # half of a pair of UTF-16
    found = model.predict({"x\ud800": "A\ud800", "": "AC"})
    assert found["id"].tolist() == ["x?", ""]
    assert found["reason"][0].startswith("position 2: '?' is not a DNA letter")
    assert found["reason"][1] == "no id"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (5, "records are of type int; give strings"),
        (b"ACGT", "records are of type bytes"),
        ([1, 2], "record 1 is of type int; a sequence is text"),
        (pd.DataFrame({"seq": ["ACGT"]}), "no column 'sequence', only seq"),
        (pa.table({"id": ["a"]}), "no column 'sequence', only id"),
        ("data/none.fa", "data/none.fa"),
        ("none.fasta.gz", "none.fasta.gz"),
    ],
)
def test_records_that_are_none(model, given, said):
    with pytest.raises(bioseqrnn.InputError, match=said):
        model.predict(given)


def test_an_output_that_is_none(model):
    with pytest.raises(bioseqrnn.InputError, match="output 'polars' is not known"):
        model.predict("ACGT", output="polars")


def test_files(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    records = records_of(20)
    expected = model.predict(records)
    write(tmp_path / "plain", records)
    (tmp_path / "q.fa.gz").write_bytes(gzip.compress((tmp_path / "plain").read_bytes()))
    for name in (tmp_path / "plain", "plain", "./plain", "q.fa.gz"):
        pd.testing.assert_frame_equal(model.predict(name), expected)
    (tmp_path / "more").mkdir()
    write(tmp_path / "more" / "x.fa", {"1": "ACGT"})
    write(tmp_path / "more" / "y.fasta", {"2": "ACGT"})
    frame = model.predict(tmp_path / "more")
    assert frame["file"].tolist() == [str(tmp_path / "more" / n) for n in ("x.fa", "y.fasta")]
    pd.testing.assert_frame_equal(model.predict("more/*").drop(columns="file"),
                                  frame.drop(columns="file"))  # fmt: skip


def test_a_file_is_read_as_a_table(model, tmp_path):
    text = ">a x y\nAC-GT\n acgt\n; comment\n>b\nNNN\n>b\n\n"
    (tmp_path / "q.fa").write_text(text)
    frame = bioseqrnn.read_sequences(tmp_path / "q.fa")
    assert frame.to_dict("list") == {
        "id": ["a", "b", "b"],
        "description": ["a x y", "b", "b"],
        "sequence": ["AC-GTacgt", "NNN", ""],
    }
    table = bioseqrnn.read_sequences(str(tmp_path / "q.fa"), output="arrow")
    assert table.to_pydict() == frame.to_dict("list")
    assert model.predict(table, output="arrow").equals(
        model.predict(tmp_path / "q.fa", output="arrow")
    )


def test_records_read_in_parts_are_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("bioseqrnn.fasta.blocks.BLOCK_BYTES", 100)
    monkeypatch.setattr("bioseqrnn.fasta.blocks.PART_BYTES", 200)
    records = records_of(30, longest=900)
    frame = bioseqrnn.read_sequences(write(tmp_path / "q.fa", records))
    assert dict(zip(frame["id"], frame["sequence"], strict=True)) == records


# --- The same numbers ---------------------------------------------------------------------------


@pytest.mark.parametrize("alphabet", ["dna", "protein"])
def test_numbers_do_not_depend_on_order_batch_or_threads(tmp_path, monkeypatch, alphabet):
    letters = "ACGT" if alphabet == "dna" else "ACDEFGHIKLMNPQRSTVWY"
    path = small_network(
        tmp_path / "m.safetensors", "multiclass", {"stem_filters": 48, "hidden_size": 24},
        alphabet=alphabet,
    )  # fmt: skip
    loaded = bioseqrnn.load_model(path)
    records = records_of(700, letters=letters, longest=70)
    expected = loaded.predict(records, output="arrow", quiet=True)
    order = np.random.default_rng(1).permutation(700)
    names = [f"r{i}" for i in order]
    shuffled = loaded.predict({n: records[n] for n in names}, output="arrow", quiet=True)
    assert shuffled.equals(expected.take(pa.array(order)))
    for name in ("r0", "r13", "r699"):
        alone = loaded.predict({name: records[name]}, output="arrow", quiet=True)
        assert alone.equals(expected.slice(int(name[1:]), 1))
    monkeypatch.setattr("bioseqrnn.inference.records.BLOCK_RESIDUES", 900)
    assert loaded.predict(records, output="arrow", quiet=True).equals(expected)
    before = torch.get_num_threads()
    two = bioseqrnn.load_model(path, threads=2)
    np.testing.assert_allclose(
        two.predict(records, quiet=True)["probability_IE"], expected["probability_IE"], atol=1e-6
    )
    # settings of the process are left as they were
    assert torch.get_num_threads() == before
    torch.manual_seed(1)
    first = torch.rand(1)
    torch.manual_seed(1)
    loaded.predict("ACGT", quiet=True)
    assert torch.rand(1) == first


def test_several_threads_use_one_model(model):
    sets = [records_of(40, seed=seed) for seed in range(8)]
    expected = [model.predict(records, output="arrow") for records in sets]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda r: model.predict(r, output="arrow"), sets * 3))
    for place, table in enumerate(found):
        assert table.equals(expected[place % 8])


# --- What is printed ----------------------------------------------------------------------------


def test_conversions_and_refusals_are_printed_unless_quiet(model, capsys):
    model.predict(RECORDS | {"long": "A" * 130})
    said = capsys.readouterr().err
    assert (
        "records: converted or left out: 1 white space, 1 gaps, 5 lower case, 1 u as t, 2" in said
    )
    assert "2 records are not predicted (column status): 'c' (no residues), 'd' (position 4" in said
    assert "1 record is longer than all records that the model was trained on" in said
    model.predict(RECORDS, quiet=True)
    assert capsys.readouterr() == ("", "")


def test_importing_is_light():
    code = (
        "import sys, bioseqrnn; heavy = {'torch', 'numpy', 'pandas', 'pyarrow', 'numba'}; "
        "print(sorted(heavy & set(sys.modules)), 'load_model' in dir(bioseqrnn)); "
        "from bioseqrnn import load_model, Model, InputError, read_sequences"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] True\n"
    with pytest.raises(AttributeError, match="has no attribute 'loadmodel'"):
        bioseqrnn.loadmodel  # noqa: B018


def test_biopython_records_of_a_bundled_file(tmp_path):
    path = small_network(tmp_path / "m.safetensors", "multiclass")
    fasta = RESOURCES / "splice" / "query.fa"
    loaded = bioseqrnn.load_model(path)
    expected = commanded(tmp_path, fasta, path)
    assert loaded.predict(SeqIO.parse(fasta, "fasta"), output="arrow").equals(expected)
    assert loaded.predict(bioseqrnn.read_sequences(fasta), output="arrow").equals(expected)
    text = io.StringIO(loaded.predict(fasta).to_csv(index=False))
    assert len(pd.read_csv(text)) == len(expected)
