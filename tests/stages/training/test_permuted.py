"""Training on permuted labels: whose labels are exchanged, and what is written."""

from __future__ import annotations

import json

import numpy as np
import pytest
from conftest import RESOURCES, encode, first_records, write_exons
from small_models import small_network

from bioseqrnn import InputError, load_model
from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.networks.card import read_card
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.stages.training.permuted import permuted_labels
from bioseqrnn.tables.folds import read_roles


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("permuted")
    sources = []
    for name in ("ACP", "Random"):
        path = folder / f"{name}.fa"
        path.write_text(first_records(RESOURCES / "acp" / path.name, 30))
        sources.append(Source(path, name))
    table = encode(folder, sources, positive="ACP")
    folds = FoldsConfig(count=2, validation_fraction=0.2, seed=1, grouping="duplicates")
    split_table(table, folder / "folds.parquet", folds)
    settings = {"cell": "gru", "hidden_size": 4, "stem_filters": 4, "epochs": 9}
    chosen = {"model": "gru", "config": settings, "epochs": 2, "metrics": {}}
    (folder / "selected.json").write_text(json.dumps(chosen))
    return folder, table


def test_only_labels_of_training_and_validation_records_are_exchanged(made):
    folder, table = made
    train, validation, test = read_roles(folder / "folds.parquet", table, 0)
    rows = np.sort(np.concatenate([train, validation]))
    before = table.targets.copy()
    other = permuted_labels(table, rows, 1)
    assert np.array_equal(table.targets, before)
    assert np.array_equal(other.targets[test], before[test])
    assert np.array_equal(np.sort(other.targets[rows]), np.sort(before[rows]))
    # as many as two random orders agree on
    assert 0.2 < (other.targets[rows] == before[rows]).mean() < 0.8
    again = permuted_labels(table, rows, 2)
    assert not np.array_equal(again.targets, other.targets)


def test_the_network_has_the_selected_settings_and_says_what_it_is(made, cli, tmp_path):
    folder, _ = made
    words = (
        "train", "--sequences", folder / "sequences.parquet", "--folds", folder / "folds.parquet",
        "--fold", 1, "--permuted", 3,
    )  # fmt: skip
    done = cli(*words, "--selected", folder / "selected.json", "-o", "a/model.safetensors")
    assert done.code == 0, done.err
    card = read_card(tmp_path / "a" / "model.safetensors")
    assert (card["model"], card["fold"], card["permuted"], card["epoch"]) == ("gru", 1, 3, 2)
    assert card["config"]["hidden_size"] == 4
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["model.safetensors"]
    done = cli(*words, "-o", "b/model.safetensors")
    assert done.code == 2
    assert "--permuted: give --folds, --fold and --selected with it" in done.err


COMMANDS = {
    "predict": ["q.fa", "--model", "m.safetensors", "--output", "o.tsv"],
    "mutate": ["m.safetensors", "q.fa", "--output", "o"],
    "memory": ["m.safetensors", "q.fa", "--output", "o"],
    "export-onnx": ["m.safetensors", "--output", "o.onnx"],
    "variants": ["v.vcf", "--model", "m.safetensors", "--genome", "q.fa", "--output", "o.tsv"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_predicts_by_such_a_network(command, cli, tmp_path):
    (tmp_path / "q.fa").write_text(">one\nACGTTGCAAT\n")
    columns = "#CHROM POS ID REF ALT QUAL FILTER INFO".replace(" ", "\t")
    (tmp_path / "v.vcf").write_text(f"{columns}\none\t2\t.\tC\tT\t.\t.\t.\n")
    words = (command, *COMMANDS[command])
    small_network(tmp_path / "m.safetensors", "binary", trained_lengths=[6, 6], permuted=0)
    done = cli(*words)
    assert done.code == 2, done.err
    said = "m.safetensors: was trained on permuted labels (0) to count motifs by chance"
    assert said in done.err.splitlines()[-1]
    assert len(done.err.splitlines()) == 1
    assert not list(tmp_path.glob("o*"))
    # the same network of true labels is taken
    small_network(tmp_path / "m.safetensors", "binary", trained_lengths=[6, 6])
    assert cli(*words).code == 0


def test_scripts_refuse_it_too(tmp_path):
    path = small_network(tmp_path / "m.safetensors", "binary", permuted=1)
    with pytest.raises(InputError, match=r"was trained on permuted labels \(1\)"):
        load_model(path)


def test_labels_of_residues_are_moved_along_their_record(tmp_path):
    path = write_exons(tmp_path / "sides.txt", 4, 4)
    table = encode(tmp_path, [Source(path, None)], task="per_position", alphabet="dna")
    rows = np.array([0, 2])
    before, after = table.targets, permuted_labels(table, rows, 1).targets
    assert np.array_equal(after.offsets, before.offsets)
    moved = []
    for row in range(4):
        part = slice(*before.offsets[row : row + 2])
        own = before.codes[part]
        shifts = [k for k in range(len(own)) if np.array_equal(np.roll(own, k), after.codes[part])]
        assert len(shifts) == 1
        moved.append(shifts[0])
    assert moved[1] == moved[3] == 0
    assert 0 not in (moved[0], moved[2])
    assert moved[0] != moved[2]
