"""The attribution job: which records by which network, what is written, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import RESOURCES, encode, first_records
from peptides import sequences_of

from bioseqrnn.attribution.attribution import Explained
from bioseqrnn.attribution.mutagenesis import mutagenesis
from bioseqrnn.config.explanation import ExplanationConfig
from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.store import load_model, save_model
from bioseqrnn.stages.explanation.attribute import attribute_sequences
from bioseqrnn.stages.explanation.draw import background_of, draw_records
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import sha256
from bioseqrnn.tables.attributions import AttributionFile
from bioseqrnn.tables.declared.evaluation import TEMPERATURES
from bioseqrnn.tables.declared.explanation import COMPLETENESS, FAITHFULNESS
from bioseqrnn.tables.folds import read_folds
from bioseqrnn.tasks import task_of

FOLDS = FoldsConfig(count=2, validation_fraction=0.2, seed=1, grouping="duplicates")


def write_model(path, folder, table, **about):
    """An untrained model with the card of one of a fold."""
    keys = ("alphabet", "symbols", "classes", "task", "sources")
    card = {key: table.metadata[key] for key in keys}
    card |= {"model": "gru", "fold": 0, "seed": 1, "epoch": 1, "device": "cpu"} | about
    config = ModelConfig(cell="gru", hidden_size=5, stem_filters=4)
    torch.manual_seed((card["fold"] or 0) + 10 * card["seed"])
    task = task_of(card["task"])
    network = SequenceClassifier(config, len(card["symbols"]), task.outputs(card["classes"]), task)
    card |= {
        "config": config.model_dump(),
        "sequences_sha256": sha256(folder / "sequences.parquet"),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_model(path, network, {key: value for key, value in card.items() if value is not None})
    return path


def make(folder, dataset, names, count, **options):
    """A table of bundled records, its folds, and two seeds of a model of each fold."""
    folder.mkdir()
    sources = []
    for name in names:
        path = folder / f"{name}.fa"
        path.write_text(first_records(RESOURCES / dataset / path.name, count))
        sources.append(Source(path, name))
    table = encode(folder, sources, **options)
    split_table(table, folder / "folds.parquet", FOLDS)
    models = [
        write_model(folder / f"gru-{fold}-{seed}.safetensors", folder, table, fold=fold, seed=seed)
        for fold in (0, 1)
        for seed in (1, 2)
    ]
    return folder, table, models


@pytest.fixture(scope="module")
def peptides(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explanation") / "acp"
    return make(folder, "acp", ("ACP", "Random"), 12, positive="ACP")


def attribute(made, output, *, models=None, selected=None, temperatures=None, **settings):
    folder, _, every = made
    attribute_sequences(
        models or every, folder / "sequences.parquet", folder / "folds.parquet", output,
        selected=selected, temperatures=temperatures, settings=ExplanationConfig(**settings),
        machine=MachineConfig(device="cpu"),
    )  # fmt: skip
    return AttributionFile(output / "attributions.parquet")


def rows_of(file):
    """All rows, as a list of (id, fold, seed, class, contribution, effects, reason)."""
    return [
        (part.ids[i], int(part.folds[i]), int(part.seeds[i]), part.classes[i],
         part.contribution[slice(*part.offsets[i : i + 2])],
         part.effects[slice(*part.offsets[i : i + 2])], part.reasons[i])
        for part in file.parts()
        for i in range(len(part))
    ]  # fmt: skip


def write_temperatures(path, models=("gru",)):
    runs = [(m, "network", fold, seed) for m in models for fold in (0, 1) for seed in (1, 2)]
    TEMPERATURES.write(path, TEMPERATURES.frame([(*run, 1.5 + run[2], 9) for run in runs]))
    return path


def test_each_test_record_is_attributed_by_the_network_that_did_not_train_on_it(peptides, tmp_path):
    folder, table, _ = peptides
    temperatures = write_temperatures(tmp_path / "temperatures.tsv")
    file = attribute(peptides, tmp_path / "out", temperatures=temperatures)
    rows = rows_of(file)
    roles = read_folds(folder / "folds.parquet", table)
    wanted = [
        (table.ids[row], fold, seed, "ACP")
        for seed in (1, 2)
        for fold in (0, 1)
        for row in roles.indices(fold, "test")
    ]
    assert [row[:4] for row in rows] == wanted
    assert file.metadata.records == file.metadata.eligible == len(table)
    background = background_of(table)
    assert file.metadata.background == background.tolist()
    for number, fold, seed in ((0, 0, 1), (-1, 1, 2)):
        network, _ = load_model(folder / f"gru-{fold}-{seed}.safetensors", torch.device("cpu"))
        model = Explained(network, 1.5 + fold, background, torch.device("cpu"))
        record, *run, _, contribution, effects, _ = rows[number]
        assert run == [fold, seed]
        x, _ = table.dense(np.array([table.ids.index(record)]))
        found = mutagenesis(model, x[0])
        assert np.array_equal(contribution, found.contribution[0])
        assert np.array_equal(effects, found.effects[0])


def test_all_classes_and_both_tables(tmp_path):
    made = make(tmp_path / "splice", "splice", ("EI", "IE", "N"), 6)
    file = attribute(made, tmp_path / "out", method="gradients")
    assert file.metadata.method == "gradients"
    rows = rows_of(file)
    assert [row[3] for row in rows] == ["EI", "IE", "N"] * 18 * 2
    completeness = COMPLETENESS.read(tmp_path / "out" / COMPLETENESS.file)
    assert len(completeness) == 4 * 3
    assert completeness["records"].sum() == len(rows)
    assert (completeness["steps"] >= 32).all()
    assert completeness["relative_error"].median() < 0.01
    faithfulness = FAITHFULNESS.read(tmp_path / "out" / FAITHFULNESS.file)
    assert sorted(faithfulness["k"].unique()) == [0, 1, 2, 3, 5, 10, 20, 30, 50]
    at = faithfulness.groupby("k")
    # every record counts for its own class, and by both seeds
    assert at["records"].sum().tolist() == [36] * 9
    none = faithfulness[faithfulness["k"] == 0]
    assert np.allclose(none["top"], none["random"])
    few = faithfulness[faithfulness["k"].between(1, 10)]
    assert few["top"].mean() < few["random"].mean()


def test_the_same_bytes_again_and_with_other_records(peptides, tmp_path):
    for name in ("one", "two"):
        attribute(peptides, tmp_path / name)
    for file in ("attributions.parquet", "completeness.tsv", "faithfulness.tsv"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    every = {row[:3]: row[4].tobytes() for row in rows_of(AttributionFile(
        tmp_path / "one" / "attributions.parquet"))}  # fmt: skip
    few = attribute(peptides, tmp_path / "few", records=5)
    assert few.metadata.records == 5
    assert len(few) == 5 * 2
    for row in rows_of(few):
        assert row[4].tobytes() == every[row[:3]]


def test_a_record_that_is_too_long_is_not_lost(peptides, tmp_path):
    _, table, _ = peptides
    longest = int(np.median(table.lengths))
    rows = rows_of(attribute(peptides, tmp_path / "out", longest=longest))
    assert len(rows) == 2 * len(table)
    lengths = dict(zip(table.ids, table.lengths.tolist(), strict=True))
    for record, *_, contribution, _, reason in rows:
        if lengths[record] > longest:
            assert len(contribution) == 0
            assert (
                reason == f"{lengths[record]} residues, more than explanation: longest ({longest})"
            )
        else:
            assert len(contribution) == lengths[record]
            assert reason == ""
    assert {bool(row[6]) for row in rows} == {True, False}
    none = rows_of(attribute(peptides, tmp_path / "none", longest=1))
    assert all(row[6] for row in none)
    assert (COMPLETENESS.read(tmp_path / "none" / COMPLETENESS.file)["records"] == 0).all()


def test_records_are_drawn_evenly_by_class_and_up_to_their_changes(splice):
    rows = np.arange(len(splice))
    drawn = draw_records(splice, rows, 300, 10**9, 1)
    assert np.bincount(splice.targets[drawn]).tolist() == [100, 100, 100]
    assert (np.diff(drawn) > 0).all()
    assert not np.array_equal(drawn, draw_records(splice, rows, 300, 10**9, 2))
    # 60 bases, three changes each
    few = draw_records(splice, rows, 300, 1800, 1)
    assert set(few) <= set(drawn)
    assert len(few) == pytest.approx(10, abs=1)
    assert len(draw_records(splice, rows, 300, 1, 1)) == 1
    rare = rows[(splice.targets != 0) | (rows % 100 == 0)]
    counts = np.bincount(splice.targets[draw_records(splice, rare, 300, 10**9, 1)])
    assert counts[0] == (splice.targets[rare] == 0).sum() < 50
    assert counts[1:].tolist() == pytest.approx([(300 - counts[0]) / 2] * 2, abs=1)


def test_the_background_is_the_composition_of_what_is_read(tmp_path):
    fasta = tmp_path / "a.fa"
    fasta.write_text(">1\nAAAC\n>2\nAANN\n")
    other = tmp_path / "b.fa"
    other.write_text(">3\nGGGT\n")
    sources = [Source(fasta, "a"), Source(other, "b")]
    given = encode(tmp_path, sources)
    np.testing.assert_allclose(background_of(given), np.array([5.5, 1.5, 3.5, 1.5]) / 12)
    both = encode(tmp_path, sources, strands="both")
    np.testing.assert_allclose(background_of(both), np.array([3.5, 2.5, 2.5, 3.5]) / 12)


def test_only_the_selected_model_explains(peptides, tmp_path):
    folder, table, models = peptides
    other = write_model(tmp_path / "lstm.safetensors", folder, table, model="other")
    selected = tmp_path / "selected.json"
    chosen = {"model": "gru", "config": None, "epochs": 1, "metrics": {}}
    selected.write_text(json.dumps(chosen))
    temperatures = write_temperatures(tmp_path / "temperatures.tsv")
    file = attribute(
        peptides, tmp_path / "out", models=[*models, other], selected=selected,
        temperatures=temperatures, records=3,
    )  # fmt: skip
    assert {name for part in file.parts() for name in part.models} == {"gru"}
    selected.write_text(json.dumps(chosen | {"model": "rnn"}))
    with pytest.raises(InputError, match="no network of the selected model 'rnn' is given"):
        attribute(peptides, tmp_path / "out", selected=selected)


def test_what_does_not_fit_is_one_line(peptides, tmp_path):
    folder, table, models = peptides
    with pytest.raises(InputError, match="the same fold and seed as"):
        attribute(peptides, tmp_path / "out", models=[models[0], models[0]])
    whole = write_model(tmp_path / "whole.safetensors", folder, table, fold=None)
    with pytest.raises(InputError, match="'fold' is missing; give a network of a fold"):
        attribute(peptides, tmp_path / "out", models=[whole])
    other = make(tmp_path / "other", "acp", ("ACP", "Random"), 8, positive="ACP")
    with pytest.raises(InputError, match=r"not trained on .*sequences.parquet; give the table"):
        attribute(peptides, tmp_path / "out", models=other[2])
    temperatures = write_temperatures(tmp_path / "t.tsv", ["rnn"])
    with pytest.raises(InputError, match="has no temperature of model gru, fold 0, seed 1"):
        attribute(peptides, tmp_path / "out", temperatures=temperatures)
    with pytest.raises(InputError, match="method none: nothing is attributed"):
        attribute(peptides, tmp_path / "out", method="none")
    assert not (tmp_path / "out").exists()


def test_the_command_says_how_many_records(peptides, cli, tmp_path):
    folder, table, models = peptides
    tables = ("--sequences", folder / "sequences.parquet", "--folds", folder / "folds.parquet")
    done = cli("attribute", *models, *tables, "--records", 4, "-o", "out")
    assert done.code == 0, done.err
    assert f"4 of {len(table)} test records are attributed, drawn evenly by class" in done.err
    frame = pd.read_csv(tmp_path / "out" / "completeness.tsv", sep="\t")
    assert frame["method"].unique().tolist() == ["mutagenesis"]


@pytest.mark.parametrize("task", ["multilabel", "regression"])
def test_several_labels_and_values(task, tmp_path):
    table = sequences_of(tmp_path, task)
    classes = table.classes or ["value"]
    model = write_model(tmp_path / "gru.safetensors", tmp_path, table)
    file = attribute((tmp_path, table, [model]), tmp_path / "out", records=6)
    assert file.metadata.classes == classes
    rows = rows_of(file)
    assert [row[3] for row in rows] == classes * (len(rows) // len(classes))
    assert all(len(row[4]) for row in rows)
    # a record counts for the labels that it has
    held = np.ones((len(table), 1), bool) if task == "regression" else table.targets
    own = held[[table.ids.index(row[0]) for row in rows[:: len(classes)]]]
    curves = FAITHFULNESS.read(tmp_path / "out" / FAITHFULNESS.file)
    found = curves[curves["k"] == 0].set_index("class")["records"].to_dict()
    wanted = dict(zip(classes, own.sum(axis=0).tolist(), strict=True))
    assert found == {name: count for name, count in wanted.items() if count}
