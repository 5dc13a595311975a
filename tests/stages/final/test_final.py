"""The final model: its file predicts what its members do, in any batch, and runs nothing."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
from conftest import BIN, run_command
from made_predictions import dataset
from safetensors.numpy import load_file, save_file

import bioseqrnn
from bioseqrnn.baselines.store import load_baseline
from bioseqrnn.combination.store import load_final
from bioseqrnn.config.choices import BASELINES
from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.inference.network import predict_packed
from bioseqrnn.metrics.calibration import calibrated
from bioseqrnn.metrics.combination import Combination
from bioseqrnn.networks.card import CARD_KEY, raw_card, read_card
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.store import load_model, save_model
from bioseqrnn.stages.baselines.run import fit_final_baseline
from bioseqrnn.stages.final.run import combine_final
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.stages.prediction.run import predict_query
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import sha256
from bioseqrnn.tables.predictions import score_columns
from bioseqrnn.tasks import TASKS

# what it shares is made once, not by every worker
pytestmark = pytest.mark.xdist_group("final")
CPU = torch.device("cpu")
SETTINGS = {
    "kmer_logistic": {"strength": 1.0},
    "gapped_kmer": {"strength": 10.0, "centred": True},
    "cnn": {"epochs": 2},
}
# per position, records are cut into windows: a record below is longer than one
WINDOW = 64


def members_of(task):
    """All baselines that apply to the task."""
    return [
        name for name, choice in BASELINES.items()
        if not (task == "per_position" and choice.whole_records)
    ]  # fmt: skip


class Project:
    """A small dataset with a network and every baseline, fitted to all of its records."""

    def __init__(self, folder, task, n=60):
        self.folder, self.table = folder, dataset(folder, task, n=n)
        # a query has no third line with labels
        lines = (folder / "r.fa").read_text().splitlines()
        records = 3 if task == "per_position" else 2
        rows = [line for i, line in enumerate(lines) if i % records < 2]
        (folder / "q.fa").write_text("\n".join(rows) + "\n")
        self.files, self.members = [folder / "gru.safetensors"], []
        self._network()
        for name in members_of(task):
            path = folder / f"{name}.safetensors"
            # per position, k-mers have nothing to choose
            nothing = task == "per_position" and name == "kmer_logistic"
            settings = {} if nothing else SETTINGS.get(name, {})
            fit_final_baseline(
                folder / "sequences.parquet", path,
                baseline=name, settings=settings, seed=1, threads=1,
            )  # fmt: skip
            self.files.append(path)
        rng = np.random.default_rng(2)
        names = ["gru", *members_of(task)]
        for name, weight in zip(names, rng.uniform(0.1, 0.5, len(names)), strict=True):
            self.members.append(
                {
                    "name": name, "kind": "network" if name == "gru" else "baseline",
                    "weight": float(weight), "settings": {},
                    "temperature": float(rng.uniform(0.5, 2)) if task != "regression" else None,
                }
            )  # fmt: skip

    def _network(self):
        torch.manual_seed(3)
        table = self.table
        config = ModelConfig(
            cell="gru", hidden_size=5, stem_filters=4, window=WINDOW, window_overlap=20
        )
        metadata = table.metadata
        shared = ("alphabet", "symbols", "strands", "ids", "classes", "task", "sources")
        card = {key: metadata[key] for key in shared} | {
            "model": "gru", "config": config.model_dump(), "trained_on": len(table),
            "trained_lengths": [int(table.lengths.min()), int(table.lengths.max())],
            "sequences_sha256": sha256(self.folder / "sequences.parquet"),
        }  # fmt: skip
        outputs = table.task.outputs(table.classes)
        save_model(self.files[0], SequenceClassifier(config, 4, outputs, table.task), card)

    def combine(self, files=None, tables=None, **changes):
        probabilistic = self.table.task.probabilistic
        final = {
            "name": "combined", "row": "combined", "criterion": "", "members": self.members,
            "centre": 0.0 if probabilistic else 0.3, "metrics": {"auroc": 0.9},
            "temperature": 0.8 if probabilistic else None, "thresholds": {}, "aim": "none",
        }  # fmt: skip
        selected = {
            "model": "gru", "config": {}, "epochs": 1, "metrics": {}, "final": final | changes
        }  # fmt: skip
        path = self.folder / "selected.json"
        path.write_text(json.dumps(selected))
        out = self.folder / "model.safetensors"
        combine_final(files or self.files, path, out, **(tables or {}))
        return out

    def tables(self):
        """The tables that say what the training records are like."""
        folds = self.folder / "folds.parquet"
        settings = FoldsConfig(count=3, validation_fraction=0.2, seed=1, grouping="duplicates")
        split_table(self.table, folds, settings)
        return {"sequences": self.folder / "sequences.parquet", "folds": folds}

    def expected(self, packed, final):
        """Scores by the members' own files, combined as the evaluation combines predictions."""
        task, rows = self.table.task, np.arange(len(packed))
        parts = []
        for file, member in zip(self.files, self.members, strict=True):
            if member["kind"] == "network":
                network, _ = load_model(file, CPU)
                raw = predict_packed(network, packed, self.table.alphabet, rows, CPU, alike=True)
            else:
                fitted, _ = load_baseline(file)
                raw = fitted.scores(fitted.form.records(packed))
            parts.append(calibrated(task, raw, member["temperature"] or 1.0))
        weights = np.array([member["weight"] for member in self.members])
        total = Combination(weights, final["centre"]).scores(task, parts)
        return calibrated(task, total, final["temperature"] or 1.0), parts


def predict(project, model, name="q.fa", **options):
    out = project.folder / "q.parquet"
    predict_query(
        project.folder / name, model, [out], machine=MachineConfig(device="cpu"), **options
    )
    return pq.read_table(out).to_pandas()


def test_python_has_the_rows_of_the_command(project):
    loaded = bioseqrnn.load_model(project.combine(), device="cpu")
    weights = {member["name"]: pytest.approx(member["weight"]) for member in project.members}
    assert loaded.members == weights
    assert loaded.trained_on == len(project.table)
    fasta = project.folder / "q.fa"
    for members in (False, True):
        frame = predict(project, loaded.path, members=members)
        pd.testing.assert_frame_equal(loaded.predict(fasta, members=members), frame)
        given = bioseqrnn.read_sequences(fasta)
        pd.testing.assert_frame_equal(loaded.predict(given, members=members), frame)
    alone = bioseqrnn.load_model(loaded.path, member="kmer_logistic")
    assert (alone.name, alone.members) == ("kmer_logistic", {"kmer_logistic": 1.0})
    pd.testing.assert_frame_equal(
        alone.predict(fasta), predict(project, loaded.path, only="kmer_logistic")
    )


def scores_of(frame, columns):
    if isinstance(frame[columns[0]].iloc[0], np.ndarray):
        return np.stack([np.concatenate(frame[c].to_numpy()) for c in columns], axis=1)
    return frame[columns].to_numpy()


@pytest.fixture(scope="module")
def project_of(tmp_path_factory):
    """Function that returns the project of a task, which is made when it is first needed."""
    return cache(lambda task: Project(tmp_path_factory.mktemp(task), task))


@pytest.fixture(params=list(TASKS))
def project(request, project_of):
    return project_of(request.param)


def test_the_file_predicts_what_its_members_do(project):
    model = project.combine()
    columns = score_columns(project.table.task, project.table.classes)
    frame = predict(project, model, members=True)
    card = raw_card(model)
    expected, parts = project.expected(project.table.packed, card)
    # residues are stored in single precision
    close = {"atol": 1e-6} if project.table.task.per_position else {"rtol": 0, "atol": 0}
    np.testing.assert_allclose(scores_of(frame, columns), expected, **close)
    for member, own in zip(project.members, parts, strict=True):
        named = [f"{member['name']}:{column}" for column in columns]
        np.testing.assert_allclose(scores_of(frame, named), own, **close)
    assert list(predict(project, model)) == [c for c in frame if ":" not in c]


def test_batches_do_not_matter(project, monkeypatch):
    model = project.combine()
    before = predict(project, model, members=True)
    monkeypatch.setattr("bioseqrnn.inference.records.BLOCK_RESIDUES", 500)
    monkeypatch.setattr("bioseqrnn.inference.records.STRETCH_RESIDUES", 500)
    pd.testing.assert_frame_equal(predict(project, model, members=True), before)


def test_the_same_bytes_on_every_run(project):
    first = project.combine().read_bytes()
    # members are found by their names, in any order
    assert project.combine(files=project.files[::-1]).read_bytes() == first


def test_a_member_predicts_alone(project):
    model = project.combine()
    columns = score_columns(project.table.task, project.table.classes)
    together = predict(project, model, members=True)
    for name in ("gru", "majority"):
        alone = predict(project, model, only=name)
        np.testing.assert_array_equal(
            scores_of(alone, columns), scores_of(together, [f"{name}:{c}" for c in columns])
        )
    with pytest.raises(InputError, match=r"has no member 'lstm'; it has gru, majority, "):
        predict(project, model, only="lstm")
    with pytest.raises(InputError, match="has no member 'lstm'; it is gru alone"):
        predict(project, project.files[0], only="lstm")


def test_members_without_weight_are_not_computed(project):
    members = [member | {"weight": float(member["name"] == "gru")} for member in project.members]
    model = project.combine(name="gru", members=members)
    scorer, card = load_final(model, CPU)
    assert card["model"] == "gru"
    assert list(scorer.used) == ["gru"]
    columns = score_columns(project.table.task, project.table.classes)
    alone = scores_of(predict(project, project.files[0]), columns)
    temperature = (project.members[0]["temperature"] or 1.0) * (card["temperature"] or 1.0)
    np.testing.assert_allclose(
        scores_of(predict(project, model), columns),
        calibrated(project.table.task, alone, temperature),
        atol=1e-6,
    )


def test_a_long_record_is_scored_in_stretches(project_of, monkeypatch):
    project = project_of("per_position")
    model = project.combine()
    rng = np.random.default_rng(5)
    (project.folder / "long.fa").write_text(
        ">x\n" + "".join(rng.choice(list("ACGTN"), 4001)) + "\n"
    )
    columns = score_columns(project.table.task, project.table.classes)
    whole = predict(project, model, "long.fa", members=True)
    assert len(whole) == 1
    monkeypatch.setattr("bioseqrnn.inference.records.STRETCH_RESIDUES", 1500)
    monkeypatch.setattr("bioseqrnn.combination.model.STRETCH", 700)
    parts = predict(project, model, "long.fa", members=True)
    assert len(parts) > 3
    assert parts["start"].tolist() == [0, *np.cumsum(parts["length"])[:-1]]
    for names in (columns, *([f"{m['name']}:{c}" for c in columns] for m in project.members)):
        np.testing.assert_allclose(scores_of(parts, names), scores_of(whole, names), atol=2e-6)


def limits_of(task, classes):
    """Limits of prediction sets that exclude some classes."""
    least = {name: 0.2 + 0.1 * k for k, name in enumerate(classes)}
    if task == "per_position":
        return None
    return {
        "error_rate": 0.1, "groups": {}, "least": {} if task == "regression" else least,
        "width": 0.7 if task == "regression" else None,
    }  # fmt: skip


def test_a_row_says_how_far_it_can_be_trusted(project):
    task, classes = project.table.task, project.table.classes
    limits = limits_of(task.name, classes)
    model = project.combine(tables=project.tables(), conformal=limits)
    strange = f">short\nACG\n>long\n{'ACGGT' * 800}\n"
    (project.folder / "s.fa").write_text((project.folder / "q.fa").read_text() + strange)
    frame = predict(project, model, "s.fa", members=True)
    # records of the training itself, and two of other lengths
    assert (frame["domain"].iloc[:-2] != "outside").mean() > 0.9
    assert frame["domain"].tolist()[-2:] == ["outside", "outside"]
    assert "3 residues; training records have 3" in frame["domain_reason"].iloc[-2]
    assert "4,000 residues; training records have 3" in frame["domain_reason"].iloc[-1]
    assert (frame["domain_reason"] == "").equals(frame["domain"] == "inside")
    scores = None if task.per_position else frame[score_columns(task, classes)].to_numpy()
    if task.per_position:
        assert not {"prediction_set", "members_sd"} & set(frame)
        return
    weights = np.array([member["weight"] for member in project.members])
    parts = np.stack([
        frame[[f"{m['name']}:{c}" for c in score_columns(task, classes)]].to_numpy()
        for m in project.members
    ])  # fmt: skip
    best = scores.argmax(axis=1)
    of_best = parts[:, np.arange(len(frame)), best].T
    if task.name == "multilabel":
        of_best = None
    if task.name == "regression":
        assert (frame["interval_high"] - frame["interval_low"]).to_numpy() == pytest.approx(1.4)
        assert "prediction_set" not in frame
        assert "members_disagree" not in frame
    else:
        least = np.array(list(limits["least"].values()))
        sets = ["|".join(np.array(classes)[row]) for row in scores >= least]
        assert frame["prediction_set"].tolist() == sets
        assert len(set(sets)) > 1
    if of_best is not None:
        mean = np.average(of_best, axis=1, weights=weights)
        np.testing.assert_allclose(frame["members_mean"], mean)
        spread = np.sqrt(np.average((of_best - mean[:, None]) ** 2, axis=1, weights=weights))
        np.testing.assert_allclose(frame["members_sd"], spread)
    if task.name in ("binary", "multiclass"):
        other = (parts.argmax(axis=2) != best).T
        np.testing.assert_allclose(
            frame["members_disagree"], np.average(other, axis=1, weights=weights)
        )
    alone = predict(project, model, "s.fa", only="gru")
    assert "prediction_set" not in alone
    assert "members_sd" not in alone
    assert alone["domain"].tolist() == frame["domain"].tolist()


def test_a_model_without_a_domain_says_so(project, capfd):
    frame = predict(project, project.combine())
    assert set(frame["domain"]) == {"unknown"}
    said = capfd.readouterr().err
    assert said.count("domain unknown: the model file does not say what its training records") == 1


@pytest.fixture
def binary(project_of):
    return project_of("binary")


def test_members_of_other_records_are_refused(binary, tmp_path):
    other = Project(tmp_path, "binary", n=75)
    with pytest.raises(InputError, match=r"trained_on differs from that of .*gru\.safetensors"):
        binary.combine(files=[*binary.files[:-1], other.files[-1]])


def test_a_missing_or_repeated_member_is_named(binary):
    with pytest.raises(InputError, match="the final model needs 'cnn', which is not given"):
        binary.combine(files=binary.files[:-1])
    with pytest.raises(InputError, match=r"'gru' is also in .*give each member once"):
        binary.combine(files=[*binary.files, binary.files[0]])


def damaged(model, change):
    """The same file with other arrays or another card."""
    arrays, card = load_file(model), raw_card(model)
    change(arrays, card)
    path = model.with_name("damaged.safetensors")
    save_file(arrays, path, {CARD_KEY: json.dumps(card)})
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, c: a.pop("gru/head.bias"), "head.bias"),
        (lambda a, c: a.update({"who/x": np.zeros(1)}), "'who/x' of no member"),
        (lambda a, c: c.update(format=99), "format 99"),
        (lambda a, c: c["members"][0].update(weight=-1), "weight"),
        (lambda a, c: c["members"][0].update(name="../x"), "name"),
        (lambda a, c: c["members"][1].update(name="gru"), "same name"),
        (lambda a, c: [m.update(weight=0) for m in c["members"]], "no member has a weight"),
        (lambda a, c: c.update(classes=["a", "b", "c"]), "classes"),
        (lambda a, c: c["members"][1]["card"].update(baseline="pickle"), "pickle"),
        (lambda a, c: c["members"][1]["card"].update(task="regression", classes=[]), "majority"),
        (lambda a, c: a.update({"majority/fractions": np.array([np.nan, 1])}), "majority"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_one_clear_line(binary, change, message):
    path = damaged(binary.combine(), change)
    with pytest.raises(InputError) as error:
        load_final(path, CPU)
    text = str(error.value)
    assert message in text
    assert str(path) in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, c: a.pop("domain:words"), "its known words do not fit its card"),
        (lambda a, c: a.update({"domain:words": a["domain:words"][:-1]}), "do not fit its card"),
        (lambda a, c: c["domain"]["words"].update(size=14), "do not fit its card"),
        (lambda a, c: c["domain"].update(lengths=[5, 1, 2, 3]), "lengths do not ascend"),
        (
            lambda a, c: c["domain"]["composition"].update(mean=[0.5, 0.5]),
            "mean and between differ",
        ),
        (lambda a, c: c["conformal"]["least"].pop("hit"), "conformal: 'hit' is no class"),
    ],
)
def test_a_damaged_domain_is_one_clear_line(binary, change, message):
    model = binary.combine(tables=binary.tables(), conformal=limits_of("binary", ["miss", "hit"]))
    path = damaged(model, change)
    with pytest.raises(InputError) as error:
        predict(binary, path)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_the_domain_is_of_the_records_that_members_were_trained_on(binary, tmp_path):
    other = Project(tmp_path, "binary", n=75)
    with pytest.raises(InputError, match="the members were trained on another table"):
        binary.combine(tables=other.tables())


def test_commands_for_single_networks_say_what_is_needed(binary):
    with pytest.raises(InputError, match="is a combination of several methods; a single network"):
        read_card(binary.combine())


def test_the_command_line(binary, tmp_path):
    binary.combine()
    out = tmp_path / "m.safetensors"
    done = run_command(
        BIN / "bioseqrnn", "combine", *binary.files, "--selected", binary.folder / "selected.json",
        "-o", out,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert out.read_bytes() == (binary.folder / "model.safetensors").read_bytes()
    assert "final model: combined (gru " in done.err
    done = run_command(
        BIN / "bioseqrnn", "predict", binary.folder / "q.fa", "--model", out, "--with",
        "kmer_logistic", "--device", "cpu", "-o", tmp_path / "q.parquet",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "kmer_logistic trained on 60 records" in done.err
