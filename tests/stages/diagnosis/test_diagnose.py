from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import RESOURCES, encode, first_records

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.store import load_model, save_model
from bioseqrnn.stages.diagnosis.gradients import gradient_norms
from bioseqrnn.stages.diagnosis.run import diagnose_models, measure, sample_records, sample_size
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.stages.report.parts import as_html
from bioseqrnn.stages.report.sections.gradients import gradients_section
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.folds import read_folds
from bioseqrnn.tables.gradients import (
    Measured,
    gradients_table,
    reach,
    reach_words,
    shown,
    unit_of_k,
    x_label,
)

COLUMNS = ["model", "cell", "layer", "direction", "k", "q10", "median", "q90", "bound", "n"]


def write_model(path, table, *, model, fold=0, seed=1, **options):
    """An untrained model with the card of one of a fold."""
    torch.manual_seed(seed)
    config = ModelConfig(**{"cell": "gru", "hidden_size": 5, "stem_filters": 4} | options)
    keys = ("alphabet", "symbols", "classes", "task", "sources")
    card = {key: table.metadata[key] for key in keys}
    card |= {"model": model, "config": config.model_dump(), "seed": seed, "fold": fold}
    network = SequenceClassifier(config, len(card["symbols"]), len(card["classes"]))
    save_model(path, network, card)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table of peptides, its folds, and one model a cell."""
    folder = tmp_path_factory.mktemp("diagnosis")
    sources = []
    for name in ("ACP", "Random"):
        path = folder / f"{name}.fa"
        path.write_text(first_records(RESOURCES / "acp" / path.name, 40))
        sources.append(Source(path, name))
    table = encode(folder, sources, positive="ACP")
    split_table(
        table,
        folder / "folds.parquet",
        FoldsConfig(count=2, validation_fraction=0.2, seed=1, grouping="duplicates"),
    )
    for cell in ("rnn", "gru", "lstm"):
        write_model(folder / f"{cell}.safetensors", table, model=f"my {cell}", cell=cell)
    return folder, table


def diagnose(folder, names, output, **options):
    options = {"records": 20, "longest": 30, "seed": 1, "threads": 1} | options
    folds = options.pop("folds", folder / "folds.parquet")
    models = [folder / f"{name}.safetensors" for name in names]
    diagnose_models(models, folder / "sequences.parquet", folds, output, **options)
    return pd.read_csv(output / "gradients.tsv", sep="\t")


def test_the_table_has_every_model_layer_direction_and_k(folder, tmp_path):
    path, table = folder
    frame = diagnose(path, ["rnn", "gru", "lstm"], tmp_path)
    assert list(frame) == COLUMNS
    rows = sample_records(
        {"fold": 0}, read_folds(path / "folds.parquet", table), table, size=20, seed=1
    )
    lengths = table.lengths[rows]
    curves = frame.groupby(["model", "cell", "layer", "direction"], sort=False)
    assert list(curves.groups) == [
        (f"my {cell}", cell, 1, direction)
        for cell in ("rnn", "gru", "lstm")
        for direction in ("forward", "reverse")
    ]
    for _, curve in curves:
        assert curve["k"].tolist() == list(range(lengths.max()))
        assert curve["n"].tolist() == [(lengths > k).sum() for k in curve["k"]]
        assert (curve["q10"] <= curve["median"]).all()
        assert (curve["median"] <= curve["q90"]).all()
        assert curve["median"].iloc[0] == 1
    rnn = frame[frame["cell"] == "rnn"]
    assert (rnn["q90"] <= rnn["bound"] * (1 + 1e-6)).all()
    assert frame.loc[frame["cell"] != "rnn", "bound"].isna().all()


def test_what_is_measured_is_what_the_network_reads(folder):
    """Through stem and positions, by the network's own forward pass in double precision."""
    path, table = folder
    network, card = load_model(path / "gru.safetensors", torch.device("cpu"))
    rows = np.arange(6)
    found = measure(network, card, table, rows, 10)
    read = []
    hook = network.recurrent.register_forward_pre_hook(lambda _, given: read.append(given[0]))
    onehot, lengths = table.dense(rows)
    with torch.no_grad():
        network(torch.from_numpy(onehot).double(), torch.from_numpy(lengths))
    hook.remove()
    want = gradient_norms("gru", network.recurrent.state_dict(), read[0].numpy(), lengths, 10)
    for run in found:
        np.testing.assert_allclose(run.norms, want[run.layer, run.direction], rtol=1e-10)


def test_where_the_stem_pools_k_counts_residues(folder, tmp_path):
    """Three residues are a step: the norm 3, 4 and 5 residues back is that of one step."""
    _, table = folder
    path = write_model(tmp_path / "m.safetensors", table, model="rnn", cell="rnn", stem_pool=3)
    network, card = load_model(path, torch.device("cpu"))
    rows = np.arange(6)
    onehot, lengths = table.dense(rows)
    x, steps = network.recurrent_input(torch.from_numpy(onehot), torch.from_numpy(lengths))
    assert steps.tolist() == [-(-length // 3) for length in lengths]
    weights = network.recurrent.state_dict()
    want = gradient_norms("rnn", weights, x.detach().double().numpy(), steps.numpy(), 4)
    found = measure(network, card, table, rows, 10)
    for run in found:
        norms = want[run.layer, run.direction]
        np.testing.assert_allclose(run.norms, norms[:, [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3]], 1e-5)
    frame = gradients_table(found)
    assert (frame["median"] <= frame["bound"] * (1 + 1e-6)).all()


def test_the_same_bytes_again_and_other_records_with_another_seed(folder, tmp_path):
    path, _ = folder
    for name, seed in (("one", 1), ("two", 1), ("other", 2)):
        diagnose(path, ["rnn", "lstm"], tmp_path / name, seed=seed)
    for name in ("gradients.tsv", "gradients.svg"):
        one, two, other = ((tmp_path / run / name).read_bytes() for run in ("one", "two", "other"))
        assert one == two
        assert one != other


def test_a_folds_model_is_looked_at_on_its_test_records(folder):
    path, table = folder
    folds = read_folds(path / "folds.parquet", table)
    for fold in (0, 1):
        rows = sample_records({"fold": fold}, folds, table, size=10, seed=1)
        assert len(set(rows)) == 10
        assert set(rows) <= set(folds.indices(fold, "test"))
    assert len(sample_records({"fold": 0}, folds, table, size=1000, seed=1)) == 40
    assert len(sample_records({"fold": None}, folds, table, size=1000, seed=1)) == 80
    assert len(sample_records({"fold": 0}, None, table, size=1000, seed=1)) == 80


def test_runs_of_one_name_are_taken_together(folder, tmp_path):
    path, table = folder
    for fold in (0, 1):
        write_model(path / f"pair{fold}.safetensors", table, model="pair", fold=fold, seed=fold)
    alone = [diagnose(path, [f"pair{fold}"], tmp_path / str(fold)) for fold in (0, 1)]
    both = diagnose(path, ["pair0", "pair1"], tmp_path / "both")
    merged = both.merge(alone[0], on=["direction", "k"]).merge(alone[1], on=["direction", "k"])
    assert len(merged)
    assert (merged["n_x"] == merged["n_y"] + merged["n"]).all()
    low = np.minimum(merged["median_y"], merged["median"])
    high = np.maximum(merged["median_y"], merged["median"])
    assert ((low <= merged["median_x"]) & (merged["median_x"] <= high)).all()
    assert set(both["model"]) == {"pair"}


def test_one_direction_and_two_layers(folder, tmp_path):
    path, table = folder
    write_model(
        path / "deep.safetensors", table, model="deep", layers=2, bidirectional=False,
        stem_filters=0, positions=0,
    )  # fmt: skip
    frame = diagnose(path, ["deep", "rnn"], tmp_path)
    panels = set(zip(frame["model"], frame["layer"], frame["direction"], strict=True))
    assert panels == {
        ("deep", 1, "forward"), ("deep", 2, "forward"),
        ("my rnn", 1, "forward"), ("my rnn", 1, "reverse"),
    }  # fmt: skip
    assert "<svg" in (tmp_path / "gradients.svg").read_text()


def test_a_name_that_looks_like_a_formula_or_html_is_text(folder, tmp_path):
    path, table = folder
    write_model(path / "odd.safetensors", table, model="$a_<b>$")
    section = as_html(gradients_section(diagnose(path, ["odd"], tmp_path)))
    assert "$a_&lt;b&gt;$" in section["description"]
    assert "<b>" not in section["description"]
    assert list(section["data"][0]) == ["$a_&lt;b&gt;$"]
    assert set(section["pconfig"]["colors"]) == {"$a_&lt;b&gt;$"}


def test_wide_layers_and_long_records_make_the_sample_smaller():
    assert [sample_size(None, h, 60) for h in (1, 128, 256, 10_000)] == [32, 32, 4, 4]
    assert [sample_size(None, 48, length) for length in (16_384, 32_768, 10**9)] == [32, 16, 4]
    assert sample_size(50, 10_000, 10**9) == 50


def measured(median, n=20, model="m", cell="gru", direction="forward"):
    return Measured(model, cell, 1, direction, np.tile(median, (n, 1)), 0.5)


def test_reach_is_where_the_median_first_falls_below_a_hundredth():
    table = gradients_table(
        [measured([1, 0.5, 0.009, 0.02], model="falls"), measured([1, 0.5, 0.1, 0.02], model="not")]
    )
    found = reach(table)
    assert found["k"].tolist() == [2, 3]
    assert (
        reach_words(found["k"][0], found["median"][0], "residues") == "below 0.01 after 2 residues"
    )
    assert reach_words(found["k"][1], found["median"][1], "steps") == "still 0.02 after 3 steps"


def test_the_bound_is_a_power_of_the_largest_singular_value():
    table = gradients_table([measured([1, 0.5, 0.25], cell="rnn")])
    np.testing.assert_allclose(table["bound"], [1, 0.5, 0.25])


def test_quantiles_of_few_records_are_kept_in_the_table_but_not_shown():
    norms = np.ones((12, 3))
    norms[:9, 2] = np.nan
    table = gradients_table([Measured("m", "gru", 1, "forward", norms, 1.0)])
    assert table["n"].tolist() == [12, 12, 3]
    assert shown(table)["k"].tolist() == [0, 1]
    few = gradients_table([measured([1, 0.5], n=3)])
    assert shown(few)["k"].tolist() == [0, 1]


def test_the_report_section_switches_between_directions():
    rows = [
        measured([1, 1e-3, 1e-12], model=m, direction=d)
        for m in "ab"
        for d in ("forward", "reverse")
    ]
    section = gradients_section(gradients_table(rows))
    # below 1e-8 nothing is drawn
    assert section["data"] == [{m: [[0, 1], [1, 1e-3]] for m in "ab"}] * 2
    assert [label["name"] for label in section["pconfig"]["data_labels"]] == [
        "Layer 1, forward", "Layer 1, reverse",
    ]  # fmt: skip
    assert section["pconfig"]["ylog"]
    assert "a forward below 0.01 after 1 residues; a reverse" in section["description"]


def test_the_report_section_counts_steps_where_every_residue_has_a_label():
    table = gradients_table([measured([1, 0.5, 0.009])])
    section = gradients_section(table, per_position=True)
    assert section["pconfig"]["xlab"] == "k (steps back from the last one read)"
    assert "below 0.01 after 2 steps." in section["description"]
    assert "A step is what a network reads at once: residues_per_step" in section["description"]
    assert "residues_per_step" not in gradients_section(table)["description"]


def test_networks_of_several_steps_share_an_axis():
    assert unit_of_k([1, 1]) == "residues"
    assert x_label(unit_of_k([3, 1, 3])) == (
        "k (steps of 1 or 3 residues back from the last one read)"
    )


def test_two_models_of_one_name_and_other_settings_stop(folder, tmp_path):
    path, table = folder
    write_model(path / "same.safetensors", table, model="my gru", hidden_size=6)
    with pytest.raises(
        InputError, match="another model with other settings has the same name 'my gru'"
    ):
        diagnose(path, ["gru", "same"], tmp_path)


def test_a_model_of_other_sequences_stops(folder, tmp_path):
    path, _ = folder
    other = path / "other.safetensors"
    network, card = load_model(path / "gru.safetensors", torch.device("cpu"))
    save_model(other, network, card | {"sources": {"x.fa": "0" * 64}})
    with pytest.raises(InputError, match=r"other\.safetensors: not trained on .* \(sources differ"):
        diagnose(path, ["other"], tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_command(folder, cli, tmp_path):
    path, _ = folder
    for name in ("sequences.parquet", "folds.parquet", "rnn.safetensors", "lstm.safetensors"):
        shutil.copy(path / name, tmp_path)
    tables = ("--sequences", "sequences.parquet", "--folds", "folds.parquet")
    done = cli("diagnose", "rnn.safetensors", "lstm.safetensors", *tables, "-o", "out",
               "--longest", 12)  # fmt: skip
    assert done.code == 0, done.err
    assert "my rnn, layer 1, forward: gradient norm " in done.err
    frame = pd.read_csv(tmp_path / "out" / "gradients.tsv", sep="\t")
    assert frame["k"].max() == 12
    assert (tmp_path / "out" / "gradients.svg").read_text().startswith("<?xml")
    for words, message in [
        (("none.safetensors", *tables), "model none.safetensors: no such file; check the path"),
        (("folds.parquet", *tables), "model folds.parquet: not a readable safetensors file"),
        (("rnn.safetensors", *tables, "--longest", 0), "Invalid value for '--longest'"),
        ((*tables,), "Missing argument '"),
    ]:
        failed = cli("diagnose", *words, "-o", "bad")
        assert failed.code == 2
        assert failed.err.startswith("bioseqrnn: error: ")
        assert message in failed.err
        assert failed.err.count("\n") == 1
    assert not (tmp_path / "bad").exists()
