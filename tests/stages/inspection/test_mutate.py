"""All single changes of records: as predict scores them, whatever the model is."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
from conftest import ROOT
from inspected import CLASSES, combined_file, fasta_of, network_file

from bioseqrnn.attribution import any_model
from bioseqrnn.attribution.any_model import AnyModel, logits_of_scores
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.networks.keras.convert import import_keras
from bioseqrnn.onehot.alphabet import ALPHABETS
from bioseqrnn.stages.inspection.chosen import file_names
from bioseqrnn.stages.inspection.design import Goal
from bioseqrnn.stages.inspection.mutate import Asked, mutate_records
from bioseqrnn.stages.prediction.run import predict_query
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.declared.inspection import CHANGES, EDITS, MUTATIONS
from bioseqrnn.tasks import TASKS

CPU = MachineConfig(device="cpu")
RECORDS = {"dna": {"one": "ACGTTGCAGN", "two": "GATTACA"}, "protein": {"p1": "MKTAYX"}}


@pytest.fixture(scope="module")
def combined(tmp_path_factory):
    return combined_file(tmp_path_factory.mktemp("combined"))


def mutate(model, fasta, output, **more):
    given = {"records": [], "goal": None, "only": None, "longest": 5000}
    given["asked"] = Asked(more.pop("label", None), more.pop("position", None))
    mutate_records(model, fasta, output, machine=CPU, **given | more)
    return CHANGES.read(output / CHANGES.file), MUTATIONS.read(output / MUTATIONS.file)


def predicted(model, folder, records, only=None, position=None):
    """Logits of records by the code that predicts: a frame with a column for each class."""
    fasta = fasta_of(folder / "changed.fa", records)
    predict_query(fasta, model, [folder / "changed.parquet"], machine=CPU, only=only)
    frame = pq.read_table(folder / "changed.parquet").to_pandas().set_index("id")
    if "value" in frame:
        return frame[["value"]]
    p = frame[[c for c in frame if c.startswith("probability_")]]
    p = p.rename(columns=lambda name: name.removeprefix("probability_"))
    if position:
        p = p.map(lambda values: values[position - 1])
    return np.log(p) - np.log1p(-p)


KINDS = {
    **{task: {"task": task} for task in TASKS if task != "per_position"},
    "ensemble": {"members": 2},
    "both strands": {"reverse_complement": "average"},
    "protein": {"task": "binary", "alphabet": "protein"},
}


def check_against_predict(model, folder, records, only=None, **more):
    changes, _ = mutate(model, fasta_of(folder / "q.fa", records), folder / "o", only=only, **more)
    alphabet = ALPHABETS["protein" if "p1" in records else "dna"]
    names, texts = [], dict(records)
    for row in changes.itertuples():
        text = records[row.id]
        assert row.residue == text[row.position - 1] != row.replacement
        changed = text[: row.position - 1] + row.replacement + text[row.position :]
        names.append(f"{row.id}:{row.position}{row.replacement}")
        texts[names[-1]] = changed
    wanted = predicted(model, folder, texts, only, more.get("position"))
    score = np.array([wanted.loc[n, c] for n, c in zip(names, changes["class"], strict=True)])
    before = np.array(
        [wanted.loc[i, c] for i, c in zip(changes["id"], changes["class"], strict=True)]
    )
    np.testing.assert_allclose(changes["score"], score, rtol=1e-5, atol=2e-5)
    np.testing.assert_allclose(changes["difference"], score - before, rtol=1e-4, atol=5e-5)
    assert np.abs(changes["difference"]).max() > 0.05
    # every residue at every position, once for each class
    ambiguous = sum(text.count("N") + text.count("X") for text in records.values())
    count = sum(map(len, records.values())) * (alphabet.width - 1) + ambiguous
    assert set(changes.groupby("class").size()) == {count}
    assert not changes.duplicated(["id", "class", "position", "replacement"]).any()
    if "value" in wanted:
        assert changes["probability"].isna().all()
    else:
        p = 1 / (1 + np.exp(-changes["score"]))
        np.testing.assert_allclose(changes["probability"], p, rtol=1e-6)
    return changes


@pytest.mark.parametrize("kind", KINDS)
def test_changes_have_the_scores_of_predict(tmp_path, kind):
    model = network_file(tmp_path / "m.safetensors", **KINDS[kind])
    records = RECORDS[KINDS[kind].get("alphabet", "dna")]
    changes = check_against_predict(model, tmp_path, records)
    classes = CLASSES[KINDS[kind].get("task", "multiclass")] or ["value"]
    assert list(changes["class"].unique()) == (classes[1:] if classes[1:] == ["yes"] else classes)


@pytest.mark.parametrize("position", [1, 5, 7])
@pytest.mark.parametrize("members", [1, 2])
def test_changes_of_a_residue_have_the_scores_of_predict(tmp_path, members, position):
    model = network_file(tmp_path / "m.safetensors", "per_position", members=members)
    check_against_predict(model, tmp_path, RECORDS["dna"], position=position)
    assert f"o at residue {position}: logit" in (tmp_path / "o" / "one.svg").read_text()


def test_combined_models_too(tmp_path, combined, monkeypatch):
    every = check_against_predict(combined, tmp_path, RECORDS["dna"])
    assert AnyModel.load(combined, torch.device("cpu"))._network is None
    # a part of the changes at a time
    monkeypatch.setattr(any_model, "RESIDUES", 40)
    again, _ = mutate(combined, tmp_path / "q.fa", tmp_path / "parts")
    pd.testing.assert_frame_equal(again, every)


@pytest.mark.parametrize("only", ["gru", "kmer_logistic"])
def test_a_member_alone(tmp_path, combined, only):
    check_against_predict(combined, tmp_path, RECORDS["dna"], only)
    alone = AnyModel.load(combined, torch.device("cpu"), only)
    # a network alone takes the path that reuses what a change does not reach
    assert (alone._network is not None) == (only == "gru")


def test_a_model_from_keras(tmp_path):
    model = tmp_path / "keras.safetensors"
    import_keras(
        ROOT / "tests/data/keras/lstm.h5", model, alphabet="dna", symbols="ATGC",
        classes=["no", "yes"], name="keras",
    )  # fmt: skip
    check_against_predict(model, tmp_path, RECORDS["dna"])


def test_either_of_two_classes(tmp_path):
    model = network_file(tmp_path / "m.safetensors", "binary")
    fasta = fasta_of(tmp_path / "q.fa", RECORDS["dna"])
    yes, _ = mutate(model, fasta, tmp_path / "yes")
    no, _ = mutate(model, fasta, tmp_path / "no", label="no")
    assert set(no["class"]) == {"no"}
    np.testing.assert_allclose(no["score"], -yes["score"])


def test_the_largest_changes_are_listed(tmp_path):
    model = network_file(tmp_path / "m.safetensors")
    fasta = fasta_of(tmp_path / "q.fa", RECORDS["dna"])
    changes, largest = mutate(model, fasta, tmp_path / "o")
    for (name, label), own in changes.groupby(["id", "class"]):
        listed = largest[(largest["id"] == name) & (largest["class"] == label)]
        for effect, sign in (("lowers", -1), ("raises", 1)):
            found = listed[listed["effect"] == effect]
            wanted = np.sort(sign * own["difference"])[::-1][:10]
            np.testing.assert_allclose(sign * found["difference"], wanted[wanted > 0])
            assert found["rank"].tolist() == list(range(1, len(found) + 1))


def test_the_first_ten_records_or_those_that_are_named(tmp_path, capfd):
    model = network_file(tmp_path / "m.safetensors")
    fasta = fasta_of(tmp_path / "q.fa", {f"r{i}": "ACGTA" for i in range(12)})
    changes, _ = mutate(model, fasta, tmp_path / "o")
    assert list(changes["id"].unique()) == [f"r{i}" for i in range(10)]
    assert "q.fa: the first 10 records; choose others with --record" in capfd.readouterr().err
    changes, _ = mutate(model, fasta, tmp_path / "o", records=["r11", "r3"])
    assert list(changes["id"].unique()) == ["r3", "r11"]
    assert "first 10" not in capfd.readouterr().err


def test_a_record_of_one_residue_and_an_ambiguous_one(tmp_path):
    model = network_file(tmp_path / "m.safetensors", stem_summary=True)
    fasta = fasta_of(tmp_path / "q.fa", {"short": "A", "code": "CRT"})
    changes, _ = mutate(model, fasta, tmp_path / "o", label="b")
    assert changes[changes["id"] == "short"]["replacement"].tolist() == ["C", "G", "T"]
    code = changes[(changes["id"] == "code") & (changes["position"] == 2)]
    assert code["residue"].unique() == ["R"]
    assert code["replacement"].tolist() == list("ACGT")


def test_the_same_bytes_twice(tmp_path):
    model = network_file(tmp_path / "m.safetensors")
    fasta = fasta_of(tmp_path / "q.fa", RECORDS["dna"])
    for folder in ("one", "two"):
        mutate(model, fasta, tmp_path / folder, label="a", goal=Goal(0.9))
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == [
        "changes.tsv.gz", "designed.fa", "edits.tsv", "mutations.tsv", "one.svg", "two.svg",
    ]  # fmt: skip
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_names_of_files_are_plain_and_distinct():
    names = ["a", "A", "../../etc/passwd", "", "x y", "x/y", ".hidden", "-o", "ü" * 9, "n" * 300]
    found = file_names(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", name) for name in found)
    assert len({name.lower() for name in found}) == len(names)
    assert found[:5] == ["a", "A-2", "_.._etc_passwd", "record", "x_y"]
    assert max(map(len, found)) <= 82


def test_the_heat_map(tmp_path):
    model = network_file(tmp_path / "m.safetensors", "binary", "protein")
    text = "MKTAYIAKQRX" * 19
    fasta = fasta_of(tmp_path / "q.fa", {"<b>&\x1b[1m": text})
    changes, _ = mutate(model, fasta, tmp_path / "o")
    (path,) = (tmp_path / "o").glob("*.svg")
    assert len(text) > 200
    assert path.stat().st_size < 60_000
    root = ElementTree.parse(path).getroot()
    space = "{http://www.w3.org/2000/svg}"
    said = [element.text or "" for element in root.iter(f"{space}text")]
    assert r"<b>&\x1b[1m" in said
    assert "change of the logit" in said
    assert "".join(t for t in said if len(t) > 8 and set(t) <= set(text)) == text
    numbers = [int(t) for t in said if t.isdigit() and t != "0"]
    assert numbers == [1, *range(10, 201, 10)]
    largest = np.abs(changes["difference"]).max()
    assert {f"-{largest:.2g}", f"+{largest:.2g}"} <= set(said)
    # the cell of the largest change has the last colour of its side
    row = changes.loc[np.abs(changes["difference"]).idxmax()]
    colour = "#67001f" if row["difference"] < 0 else "#053061"
    drawn = [p for p in root.iter(f"{space}path") if p.get("stroke") == colour]
    column = (row["position"] - 1) % 100
    cell = f"M{column} {ALPHABETS['protein'].symbols.index(row['replacement'])}.5h"
    assert any(cell in p.get("d") for p in drawn)


# --- Design -------------------------------------------------------------------------------------


def test_a_design_walks_to_the_probability(tmp_path, combined, capfd):
    fasta = fasta_of(tmp_path / "q.fa", {"r": "ACGTTGCAGTCCGATTNCA"})
    label = AnyModel.load(combined, torch.device("cpu")).classes[0]
    start = predicted(combined, tmp_path, {"r": "ACGTTGCAGTCCGATTNCA"})[label].iloc[0]
    goal = 1 / (1 + np.exp(-(start + 1)))
    mutate(combined, fasta, tmp_path / "o", label=label, goal=Goal(goal, keep="1-3, 17"))
    edits = EDITS.read(tmp_path / "o" / EDITS.file)
    header, text = (tmp_path / "o" / "designed.fa").read_text().splitlines()
    letters = list("ACGTTGCAGTCCGATTNCA")
    for row in edits.itertuples(index=False):
        _, _, step, position, before, after, score, probability = row
        assert letters[position - 1] == before
        assert position not in (1, 2, 3, 17)
        # no other single change would have been better
        others = {
            f"{i}{s}": "".join([*letters[:i], s, *letters[i + 1 :]])
            for i in range(len(letters)) if i not in (0, 1, 2, 16)
            for s in "ACGT"
        }  # fmt: skip
        best = predicted(combined, tmp_path, others)[label].max()
        letters[position - 1] = after
        now = predicted(combined, tmp_path, {"now": "".join(letters)})[label].iloc[0]
        np.testing.assert_allclose([score, best], now, atol=1e-5)
        assert probability == pytest.approx(1 / (1 + np.exp(-score)))
        assert (probability >= goal) == (step == len(edits))
    assert len(edits) > 0
    assert "".join(letters) == text
    assert header.startswith(f">r {label}: probability ")
    assert header.endswith(f"; reached {goal:g}")
    assert "reached" in capfd.readouterr().err


def test_a_design_says_why_it_ended(tmp_path):
    model = network_file(tmp_path / "m.safetensors", "binary")
    fasta = fasta_of(tmp_path / "q.fa", {"r": "ACGTTGCAGT"})

    def header(**goal):
        mutate(model, fasta, tmp_path / "o", goal=Goal(**goal))
        return (tmp_path / "o" / "designed.fa").read_text().splitlines()[0]

    assert header(probability=1 - 1e-12, most=2).endswith("by 2 edits; ended after --most 2")
    ended = header(probability=1 - 1e-12, most=500)
    assert ended.endswith("; ended because no change improves it")
    assert header(probability=1e-9).endswith("by 0 edits; reached 1e-09")
    assert EDITS.read(tmp_path / "o" / EDITS.file).empty
    kept = header(probability=1 - 1e-12, keep="1-10")
    assert kept.endswith("by 0 edits; ended because no change improves it")


# --- Refusals -----------------------------------------------------------------------------------


def refused(model, fasta, output, **more):
    with pytest.raises(InputError) as found:
        mutate(model, fasta, output, **more)
    assert "\n" not in str(found.value)
    assert not (output / CHANGES.file).exists()
    return str(found.value)


def test_what_cannot_be_mutated_is_refused(tmp_path, combined):
    model = network_file(tmp_path / "m.safetensors")
    fasta, out = fasta_of(tmp_path / "q.fa", RECORDS["dna"]), tmp_path / "o"
    assert "has no record 'three'; give an id as in the file, like 'one'" in refused(
        model, fasta, out, records=["one", "three"]
    )
    assert "has no class 'd'; it has a, b, c" in refused(model, fasta, out, label="d")
    assert "record 'one' has 10 residues, more than --longest (9)" in refused(
        model, fasta, out, longest=9
    )
    (tmp_path / "empty.fa").write_text("")
    assert "empty.fa" in refused(model, tmp_path / "empty.fa", out)
    protein = fasta_of(tmp_path / "p.fa", {"p": "MKLVEQ"})
    assert "record 'p'" in refused(model, protein, out)
    sides = network_file(tmp_path / "sides.safetensors", "per_position", window=8, window_overlap=2)
    assert "choose the residue with --position" in refused(sides, fasta, out)
    assert "--position 2: is for per_position models" in refused(model, fasta, out, position=2)
    assert "record 'one' has 10 residues, but the network reads windows of 8" in refused(
        sides, fasta, out, position=2
    )
    assert "--position 8: " in refused(sides, fasta, out, position=8, records=["two"])
    assert "no member 'lstm'; it has gru, kmer_logistic, pwm" in refused(
        combined, fasta, out, only="lstm"
    )
    keras = ROOT / "tests/data/keras/rnn.keras"
    assert "a zip archive (like torch.save or .keras files)" in refused(keras, fasta, out)


def test_designs_that_make_no_sense_are_refused(tmp_path):
    fasta, out = fasta_of(tmp_path / "q.fa", RECORDS["dna"]), tmp_path / "o"
    model = network_file(tmp_path / "m.safetensors")
    assert "choose the class with --class; the model has a, b, c" in refused(
        model, fasta, out, goal=Goal(0.9)
    )
    assert "record 'two' has only 7 residues" in refused(
        model, fasta, out, label="a", goal=Goal(0.9, keep="8")
    )
    values = network_file(tmp_path / "v.safetensors", "regression")
    assert "a value has no probability" in refused(values, fasta, out, goal=Goal(0.9))
    for keep in ("0", "a", "3-1", "1,,2", "-2", "1-", "²"):
        with pytest.raises(InputError, match="must be positions from 1, like 1-3,30"):
            Goal(0.9, keep=keep)
    for probability in (0, 1, -1, float("nan")):
        with pytest.raises(InputError, match="must be a probability above 0 and below 1"):
            Goal(probability)


def test_a_figure_does_not_replace_an_input(tmp_path):
    model = network_file(tmp_path / "m.safetensors")
    (tmp_path / "o").mkdir()
    fasta = fasta_of(tmp_path / "o" / "one.svg", RECORDS["dna"])
    assert "is also an input" in refused(model, fasta, tmp_path / "o")
    assert fasta.read_text().startswith(">one")


def test_logits_near_0_and_1_are_exact():
    p = np.array([[1e-12, 1 - 1e-12], [0.5, 0.5]])
    found = logits_of_scores(TASKS["binary"], p)
    np.testing.assert_allclose(found[0], [-12 * np.log(10), 12 * np.log(10)], rtol=1e-9)
    assert found[1].tolist() == [0, 0]
