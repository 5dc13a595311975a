"""Records that a model cannot take stand in the output; the others are predicted."""

from __future__ import annotations

import gzip
import io
import json
import random

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch

from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.records import in_larger_blocks, pack_given, read_records
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.store import save_model
from bioseqrnn.onehot.alphabet import DNA, PROTEIN
from bioseqrnn.stages.prediction.run import predict_queries, predict_query
from bioseqrnn.support.errors import InputError
from bioseqrnn.tasks import TASKS

CPU = MachineConfig(device="cpu")
BAD = ">ok1 x\nACGT\n>digit\nAC-G1\n>empty\n>\nACGT\n>ok2\nacgt\n; note\n>gaps\n-..\n"
REASONS = {
    "digit": "position 5: '1' is not a DNA letter (line numbers or text? keep only the letters)",
    "empty": "no residues",
    "": "no id",
    "gaps": "no residues",
}


def save(folder, task="binary", classes=("no", "yes"), **card):
    torch.manual_seed(4)
    config = ModelConfig(
        cell="gru", hidden_size=6, stem_filters=4, window=40, window_overlap=14,
        positions=0 if task == "per_position" else "auto",
    )  # fmt: skip
    given = {
        "alphabet": "dna", "symbols": "ACGT", "classes": list(classes), "task": task,
        "config": config.model_dump(), "model": "gru", "trained_on": 10,
    }  # fmt: skip
    network = SequenceClassifier(config, 4, TASKS[task].outputs(list(classes)), TASKS[task])
    save_model(folder / "model.safetensors", network, given | card)
    return folder / "model.safetensors"


def predict(folder, *names, outputs=("q.parquet", "q.tsv.gz"), **more):
    paths = [folder / name for name in names]
    count = predict_queries(
        paths, folder / "model.safetensors", [folder / name for name in outputs], machine=CPU,
        **more,
    )  # fmt: skip
    return count, pd.read_parquet(folder / "q.parquet")


@pytest.mark.parametrize("task", ["binary", "per_position", "regression"])
def test_refused_records_stand_where_they_were(tmp_path, capfd, task):
    classes = [] if task == "regression" else ["N", "Y"]
    more = {"thresholds": {"Y": 0.4}} if task == "binary" else {}
    save(tmp_path, task, classes, **more)
    (tmp_path / "q.fa").write_text(BAD)
    (tmp_path / "clean.fa").write_text(">ok1\nACGT\n>ok2\nACGT\n")
    count, clean = predict(tmp_path, "clean.fa")
    count, frame = predict(tmp_path, "q.fa")
    assert count == len(frame) == 6
    assert frame["id"].tolist() == ["ok1", "digit", "empty", "", "ok2", "gaps"]
    assert frame["length"].tolist() == [4, 4, 0, 4, 4, 0]
    refused = frame[frame["status"] == "refused"]
    assert dict(zip(refused["id"], refused["reason"], strict=True)) == REASONS
    kept = frame[frame["status"] == "predicted"].reset_index(drop=True)
    assert kept["reason"].isna().all()
    pd.testing.assert_frame_equal(kept.astype(clean.dtypes), clean)
    scores = frame.filter(regex="probability|value|call").columns
    assert refused[scores].isna().all(axis=None)
    if task == "binary":
        assert (frame["threshold_Y"] == 0.4).all()
    text = pd.read_csv(tmp_path / "q.tsv.gz", sep="\t", keep_default_na=False)
    assert text["reason"].tolist() == frame["reason"].fillna("").tolist()
    # a length is a whole number, also beside records without scores
    assert text["length"].tolist() == frame["length"].tolist()
    said = capfd.readouterr().err
    assert "q.fa: 6 records in, 6 out" in said
    assert "warning: q.fa: 4 records are not predicted (column status): 'digit' (position 5" in said
    assert "and 1 more" in said
    # residues of refused records are not counted
    assert "q.fa: converted or left out: 1 comment lines, 4 lower case" in said
    metadata = json.loads(pq.read_schema(tmp_path / "q.parquet").metadata[b"bioseqrnn"])
    assert (metadata["records"], metadata["format"]) == (6, 4)


def test_a_query_of_nothing_but_refused_records(tmp_path):
    save(tmp_path)
    (tmp_path / "q.fa").write_text(">a\n>b\nACGJ\n")
    count, frame = predict(tmp_path, "q.fa")
    assert (count, frame["status"].tolist()) == (2, ["refused", "refused"])


def spoilt(sequences, letters, share, rng):
    """Some of the sequences with a digit anywhere, and ids that say which."""
    records = []
    for number, text in enumerate(sequences):
        bad = rng.random() < share
        if bad:
            place = rng.randrange(len(text) + 1)
            text = text[:place] + rng.choice(letters) + text[place:]
        records.append((f"{'bad' if bad else 'ok'}{number}", text))
    return records


@pytest.mark.parametrize("alphabet", [DNA, PROTEIN], ids=["dna", "protein"])
@pytest.mark.parametrize("share", [0.02, 0.6])
def test_any_record_may_be_bad_in_files_read_in_parts(tmp_path, monkeypatch, alphabet, share):
    """Short and long records, wrapped; the residues of the others are those without bad ones."""
    monkeypatch.setattr("bioseqrnn.fasta.blocks.BLOCK_BYTES", 300)
    monkeypatch.setattr("bioseqrnn.fasta.blocks.PART_BYTES", 200)
    rng = random.Random(5)
    lengths = [rng.choice([1, 5, 40, 150, 700]) for _ in range(120)]
    texts = ["".join(rng.choices(alphabet.symbols, k=size)) for size in lengths]
    records = spoilt(texts, "1*@" if alphabet is DNA else "1@", share, rng)

    def write(path, chosen):
        lines = (f">{n} x\n" + "\n".join(t[i : i + 60] for i in range(0, len(t), 60)) + "\n"
                 for n, t in chosen)  # fmt: skip
        path.write_text("".join(lines))
        return path

    path = write(tmp_path / "q.fa", records)
    fine = [record for record in records if record[0].startswith("ok")]
    assert 0 < len(fine) < len(records)
    (joined,) = in_larger_blocks(read_records(path, alphabet, keep_refused=True), 10**9)
    (clean,) = in_larger_blocks(read_records(write(tmp_path / "c.fa", fine), alphabet), 10**9)
    assert joined.ids.equals(clean.ids)
    for name in ("data", "offsets", "lengths"):
        np.testing.assert_array_equal(getattr(joined.packed, name), getattr(clean.packed, name))
    order = joined.ids.to_pylist()
    for one in reversed(joined.refused):
        order.insert(one.place, one.name)
    assert order == [name for name, _ in records]
    sizes = {name: len(text) for name, text in records}
    assert all(one.length == sizes[one.name] for one in joined.refused)
    assert all("is not a" in one.reason for one in joined.refused)
    # the same from memory
    given = pack_given(path, *zip(*records, strict=True), alphabet)
    assert given.ids.equals(clean.ids)
    assert [one.name for one in given.refused] == [one.name for one in joined.refused]
    np.testing.assert_array_equal(given.packed.data, clean.packed.data)


def test_a_long_bad_record_beside_stretches(tmp_path, monkeypatch):
    """Refused records before and after one that is predicted in stretches."""
    save(tmp_path, "per_position", ["E", "N"])
    monkeypatch.setattr("bioseqrnn.inference.records.STRETCH_RESIDUES", 100)
    long = "ACGT" * 60
    (tmp_path / "q.fa").write_text(f">a\n1\n>long\n{long}\n>b\n2\n")
    count, frame = predict(tmp_path, "q.fa")
    assert count == 3
    assert frame["id"].tolist() == ["a", "long", "long", "b"]
    assert frame["status"].tolist() == ["refused", "predicted", "predicted", "refused"]
    assert frame["start"].tolist() == [0, 0, frame["length"][1], 0]
    assert len("".join(frame["call"][1:3])) == len(long)


def test_several_files_and_one_of_them_damaged(tmp_path, capfd):
    save(tmp_path)
    (tmp_path / "a.fa").write_text(">1\nACGT\n>2\nACG1\n")
    whole = gzip.compress("".join(f">r{i}\nACGTTT\n" for i in range(9)).encode())
    (tmp_path / "b.fa.gz").write_bytes(whole[:-9])
    (tmp_path / "c.fa").write_text(">3\nAC-GT\n")
    with pytest.raises(InputError, match=r"b\.fa\.gz: not read to the end .* other files were"):
        predict(tmp_path, "a.fa", "b.fa.gz", "c.fa", outputs=["q.parquet", "q.tsv"])
    frame = pd.read_parquet(tmp_path / "q.parquet")
    assert list(frame)[:3] == ["file", "id", "length"]
    status = frame.groupby("file", sort=False)["status"].apply(list).to_dict()
    assert status == {
        str(tmp_path / "a.fa"): ["predicted", "refused"],
        str(tmp_path / "b.fa.gz"): ["unreadable"],
        str(tmp_path / "c.fa"): ["predicted"],
    }
    assert "archive is damaged or cut short" in frame["reason"][2]
    text = pd.read_csv(tmp_path / "q.tsv", sep="\t", keep_default_na=False)
    assert text["reason"].tolist() == frame["reason"].fillna("").tolist()
    said = capfd.readouterr().err
    assert f"error: {tmp_path / 'b.fa.gz'}: the gz archive is damaged" in said
    # each file is reported by itself
    assert "c.fa: converted or left out: 1 gaps" in said
    assert "a.fa: 2 records in, 2 out" in said
    assert "c.fa: 1 records in, 1 out" in said


def test_files_that_are_all_bad_leave_no_table(tmp_path):
    save(tmp_path)
    (tmp_path / "a.fa").write_text("no FASTA\n")
    with pytest.raises(InputError, match=r"none\.fa"):
        predict(tmp_path, "a.fa", "none.fa")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.fa", "model.safetensors"]


def test_text_formats_have_the_same_rows(tmp_path, capfd):
    model = save(tmp_path, thresholds={"yes": 0.4})
    (tmp_path / "q.fa").write_text(BAD)
    for name in ("q.tsv", "q.tsv.gz", "-"):
        output = tmp_path / name if name != "-" else type(tmp_path)("-")
        predict_query(tmp_path / "q.fa", model, [output], machine=CPU)
    printed = capfd.readouterr()
    text = (tmp_path / "q.tsv").read_text()
    assert gzip.decompress((tmp_path / "q.tsv.gz").read_bytes()).decode() == text == printed.out
    assert "records in" in printed.err
    frame = pd.read_csv(io.StringIO(text), sep="\t")
    assert (frame["threshold_yes"] == 0.4).all()


def test_a_format_that_the_task_does_not_have_is_refused(tmp_path):
    model = save(tmp_path)
    (tmp_path / "q.fa").write_text(">1\nACGT\n")
    with pytest.raises(
        InputError, match=r"q\.bed\.gz: this format does not exist for the task bin"
    ):
        predict_query(tmp_path / "q.fa", model, [tmp_path / "q.bed.gz"], machine=CPU)
