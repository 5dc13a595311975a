"""Motifs in held-out records, by networks whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from planted import DNA
from planted_files import WORD, make, run

from bioseqrnn.config.explanation import ExplanationConfig
from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.store import save_model
from bioseqrnn.stages.explanation.check import Networks, check_motifs
from bioseqrnn.stages.explanation.held_out import Measured, summary
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.stages.report.sections.motifs import motifs_section
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import sha256
from bioseqrnn.tables.declared.explanation import (
    MATRICES,
    MOTIF_NULL,
    MOTIF_TESTS,
    MOTIFS,
    OCCURRENCES,
    SHOWN_MOTIFS,
)
from bioseqrnn.tasks import task_of

GAIN = 3.0
CONFIG = ModelConfig(
    cell="rnn", hidden_size=2, stem_filters=2, stem_width=11, stem_summary=True, positions=0,
    residue_properties=False, pooling=["mean"],
)  # fmt: skip


def detector(task, classes):
    """A network whose logit is 3 for a record with the word, and 3 more for its other strand."""
    network = SequenceClassifier(CONFIG, 4, task.outputs(classes), task)
    with torch.no_grad():
        for weight in network.parameters():
            weight.zero_()
        convolution = network.stem.convolution
        for place, letter in enumerate(WORD):
            code = DNA.index(letter)
            convolution.weight[0, code, place] = 1
            convolution.weight[1, 3 - code, len(WORD) - 1 - place] = 1
        # 1 where all ten bases are there, and 0 elsewhere
        convolution.bias[:] = 1 - len(WORD)
        network.head.weight[1, -2:] = GAIN
    return network


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("check")
    table, _ = make(folder)
    out = run(folder)
    split_table(
        table, folder / "folds.parquet",
        FoldsConfig(count=2, validation_fraction=0.2, seed=1, grouping="duplicates"),
    )  # fmt: skip
    task = task_of(table.metadata["task"])
    keys = ("alphabet", "symbols", "classes", "task", "sources", "strands")
    models = []
    for fold in (0, 1):
        card = {key: table.metadata[key] for key in keys}
        card |= {"model": "rnn", "fold": fold, "seed": 1, "epoch": 1, "device": "cpu"}
        card |= {"config": CONFIG.model_dump()}
        card |= {"sequences_sha256": sha256(folder / "sequences.parquet")}
        models.append(folder / f"rnn-{fold}.safetensors")
        save_model(models[-1], detector(task, table.classes), card)
    return folder, out, models


def check(made, output, *, permuted=(), motifs=None, **settings):
    folder, out, models = made
    check_motifs(
        motifs or out / "motifs.tsv", Networks(models, None, None), folder / "sequences.parquet",
        folder / "folds.parquet", output,
        permuted=list(permuted), settings=ExplanationConfig(**settings),
        machine=MachineConfig(device="cpu"),
    )  # fmt: skip
    return MOTIF_TESTS.read(output / MOTIF_TESTS.file)


def test_a_word_that_decides_is_necessary_and_sufficient(made, tmp_path):
    _, out, _ = made
    tests = check(made, tmp_path / "out")
    (motif,) = MOTIFS.read(out / MOTIFS.file).to_dict("records")
    removed, planted = tests.to_dict("records")
    assert (removed["test"], planted["test"]) == ("removed", "planted")
    assert removed["records"] == pytest.approx(200 * motif["occurs_pos"], abs=1)
    # nearly every occurrence is the word itself, and its loss is the loss of 3
    assert removed["before"] == pytest.approx(GAIN, abs=0.3)
    assert removed["change"] == pytest.approx(-GAIN, abs=0.3)
    assert removed["control"] == pytest.approx(0, abs=0.05)
    assert removed["difference_high"] < -2
    # instances are drawn from the matrix, so some of them are not quite the word
    assert planted["records"] == pytest.approx(200 * (1 - motif["occurs_neg"]), abs=1)
    assert planted["before"] == pytest.approx(0, abs=0.05)
    assert GAIN / 2 < planted["change"] <= GAIN
    assert planted["control"] == pytest.approx(0, abs=0.05)
    assert planted["difference_low"] > GAIN / 2
    for row in (removed, planted):
        assert row["change_low"] <= row["change"] <= row["change_high"]
        assert row["difference"] == pytest.approx(row["change"] - row["control"], abs=1e-6)
    assert MOTIF_NULL.read(tmp_path / "out" / MOTIF_NULL.file).empty


def test_at_most_so_many_records_of_a_fold_and_the_same_bytes_again(made, tmp_path):
    tests = check(made, tmp_path / "one", tests=20)
    assert tests["records"].tolist() == [40, 40]
    check(made, tmp_path / "two", tests=20)
    first, second = ((tmp_path / name / MOTIF_TESTS.file).read_bytes() for name in ("one", "two"))
    assert first == second
    assert check(made, tmp_path / "none", tests=0).empty


def test_a_motif_at_a_fixed_place_is_planted_there(made, tmp_path):
    _, out, _ = made
    motifs = MOTIFS.read(out / MOTIFS.file)
    motifs["position_share"], motifs["position"], motifs["anchor"] = 0.9, 75, "start"
    for name in (MATRICES.file, OCCURRENCES.file):
        (tmp_path / name).write_bytes((out / name).read_bytes())
    MOTIFS.write(tmp_path / MOTIFS.file, motifs)
    tests = check(made, tmp_path / "out", motifs=tmp_path / MOTIFS.file)
    planted = tests[tests["test"] == "planted"].iloc[0]
    # records of 60 to 90 bases: not all are long enough
    assert 10 < planted["records"] < 120
    assert planted["difference_low"] > GAIN / 2


def test_motifs_by_chance_are_counted(made, tmp_path):
    folder, _, _ = made
    # all records in one file of one network
    one = tmp_path / "noise"
    one.mkdir()
    make(one, noise=True, runs=(("rnn", 1, 1),))
    check(made, tmp_path / "out", permuted=[one / "attributions.parquet"], tests=0)
    (row,) = MOTIF_NULL.read(tmp_path / "out" / MOTIF_NULL.file).to_dict("records")
    assert (row["permuted"], row["fold"], row["records"], row["motifs"]) == (1, 1, 400, 0)
    with pytest.raises(InputError, match="by networks of 2 folds; give a file for each"):
        check(made, tmp_path / "two", permuted=[folder / "attributions.parquet"], tests=0)


def test_what_does_not_belong_together_is_one_line(made, tmp_path):
    _, out, _ = made
    names = (MATRICES.file, OCCURRENCES.file, MOTIFS.file)
    for name in names:
        (tmp_path / name).write_bytes((out / name).read_bytes())
    (tmp_path / MATRICES.file).write_text(MATRICES.frame([]).to_csv(sep="\t", index=False))
    with pytest.raises(InputError, match="has no matrix of M1 with the residues ACGT"):
        check(made, tmp_path / "o", motifs=tmp_path / MOTIFS.file)
    (tmp_path / MATRICES.file).write_bytes((out / MATRICES.file).read_bytes())
    whole = (out / OCCURRENCES.file).read_bytes()
    (tmp_path / OCCURRENCES.file).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="cannot be read as occurrences"):
        check(made, tmp_path / "o", motifs=tmp_path / MOTIFS.file)
    motifs = MOTIFS.read(out / MOTIFS.file)
    motifs["class"] = "other"
    MOTIFS.write(tmp_path / MOTIFS.file, motifs)
    with pytest.raises(InputError, match="M1 is of class 'other', which the records do not have"):
        check(made, tmp_path / "o", motifs=tmp_path / MOTIFS.file)
    assert not (tmp_path / "o").exists()


def test_several_networks_count_a_record_once():
    values = np.array([[1.0, -2, 0], [2, -4, np.nan]])
    both = Measured([np.array([3, 5]), np.array([3, 5])], [values, values + 1])
    cells = both.cells(1)
    assert cells[:3] == (2, 2.0, -2.5)
    # a record without a control has no part in the control and the difference
    assert cells[5:7] == (1, 0.5)
    assert cells[9] == -2.0
    assert Measured().cells(1)[0] == 0
    assert np.isnan(Measured().cells(1)[1])


def test_the_interval_of_a_mean_covers_it():
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(100):
        _, low, high = summary(rng.normal(1, 2, 50), 3)
        inside += low <= 1 <= high
    assert 88 <= inside <= 99


def test_the_report_shows_tests_chance_and_pairs(made, tmp_path):
    _, out, _ = made
    tables = {table.name: table.read(out / table.file) for table in SHOWN_MOTIFS}
    tables[MOTIF_TESTS.name] = check(made, tmp_path / "out", tests=30)
    tables[MOTIF_NULL.name] = MOTIF_NULL.frame([(1, 0, 200, 5, 0, "")])
    page = motifs_section(tables)
    said = f"{page['description']} {page['data']}"
    assert "1 motif found; a network trained on permuted labels" in said
    assert "gave 0 (in 200 records; each training alone found 1 of the motifs on average)" in said
    assert "Taken out of 60 test records: score -3 (-3" in said
    assert "; shuffled: +0" in said
    assert "no more than the control" not in said
    chance = tables[MOTIF_TESTS.name].copy()
    chance["difference_low"], chance["difference_high"] = -1, 1
    page = motifs_section(tables | {MOTIF_TESTS.name: chance})
    assert page["data"].count("no more than the control") == 2
    pair = ("M1", "M<2>", 50, 9.6, 1e-9, 1e-8, 20, 18, 22, 10, "opposite", 30, 1.5, 1e-9, 1e-8)
    pairs = tables["motif pairs"]
    pairs.loc[0] = pair
    page = motifs_section(tables)
    assert "50 records, 10 expected (q = 1e-08)" in page["data"]
    assert "M&lt;2&gt; after M1, 10 ± 2 residues between them, opposite strand: 30" in page["data"]
    pairs[["q", "spaced_q"]] = 0.2
    assert "No two motifs share records" in motifs_section(tables)["data"]
