"""Records with a class for each residue: where a class begins, and by what it is recognised."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import encode, write_exons

from bioseqrnn.config.explanation import ExplanationConfig
from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.store import save_model
from bioseqrnn.stages.explanation import units as module
from bioseqrnn.stages.explanation.attribute import attribute_sequences
from bioseqrnn.stages.explanation.chance import by_chance
from bioseqrnn.stages.explanation.check import Networks, check_motifs
from bioseqrnn.stages.explanation.modisco import export_modisco
from bioseqrnn.stages.explanation.motifs import discover_motifs
from bioseqrnn.stages.explanation.units import inside, padded, units_of
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.stages.report.sections.motifs import motifs_section
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import sha256
from bioseqrnn.tables.attributions import AttributionFile, attribution_writer
from bioseqrnn.tables.declared.explanation import (
    COMPLETENESS,
    FAITHFULNESS,
    MOTIF_SEARCH,
    MOTIF_TESTS,
    MOTIFS,
    OCCURRENCES,
    SHOWN_MOTIFS,
)
from bioseqrnn.tasks import task_of

MACHINE = MachineConfig(device="cpu")
# the class C begins so many residues after the first one of the word
WORD, BEFORE = "GGAGGT", 9
GAIN = 6.0
CONFIG = ModelConfig(
    cell="rnn", hidden_size=1, stem_filters=1, stem_width=2 * BEFORE + 1, bidirectional=False,
    positions=0, residues_per_step=1, reverse_complement="none", stem_pool=1, stem_summary=False,
    window=90, window_overlap=20,
)  # fmt: skip


def detector(classes):
    """A network whose logit of C is 6 tanh(1) where the word lies before a residue, else 0."""
    network = SequenceClassifier(CONFIG, 4, len(classes), task_of("per_position"))
    with torch.no_grad():
        for weight in network.parameters():
            weight.zero_()
        for place, letter in enumerate(WORD):
            network.stem.convolution.weight[0, "ACGT".index(letter), place] = 1
        # 1 where all six bases are there, and 0 elsewhere
        network.stem.convolution.bias[:] = 1 - len(WORD)
        network.recurrent.weight_ih_l0[:] = 1
        network.head.weight[classes.index("C"), 0] = GAIN
    return network


def three_line(path, records=24, seed=3):
    """Each record has one segment of C between two of N, and the word before it."""
    rng = np.random.default_rng(seed)
    lines = []
    for number in range(records):
        sizes = rng.integers([30, 25, 30], [60, 50, 60])
        text = rng.choice(list("ACGT"), int(sizes.sum()))
        begin = int(sizes[0])
        text[begin - BEFORE : begin - BEFORE + len(WORD)] = list(WORD)
        labels = "".join(c * int(n) for c, n in zip("NCN", sizes, strict=True))
        lines.append(f">r{number}\n{''.join(text)}\n{labels}\n")
    path.write_text("".join(lines))
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("boundaries")
    path = three_line(folder / "genes.txt")
    table = encode(folder, [Source(path, None)], task="per_position", alphabet="dna")
    settings = FoldsConfig(count=2, validation_fraction=0.2, seed=1, grouping="duplicates")
    split_table(table, folder / "folds.parquet", settings)
    models = []
    for fold in (0, 1):
        card = {k: table.metadata[k] for k in ("alphabet", "symbols", "classes", "task", "sources")}
        card |= {"model": "rnn", "fold": fold, "seed": 1, "epoch": 1, "device": "cpu"}
        card |= {"config": CONFIG.model_dump()}
        card |= {"sequences_sha256": sha256(folder / "sequences.parquet")}
        models.append(folder / f"rnn-{fold}.safetensors")
        save_model(models[-1], detector(table.classes), card)
    return folder, table, models


def attribute(made, output, **settings):
    folder, _, models = made
    attribute_sequences(
        models, folder / "sequences.parquet", folder / "folds.parquet", output, selected=None,
        temperatures=None, settings=ExplanationConfig(**{"flank": 20} | settings), machine=MACHINE,
    )  # fmt: skip
    return AttributionFile(output / "attributions.parquet")


def test_windows_are_centred_on_the_first_residue_of_a_class(made):
    _, table, _ = made
    units = units_of(table, 20)
    assert len(units) == 2 * len(table)
    assert set(units.table.lengths) == {41}
    texts = [x[:n] for x, n in zip(*table.dense(np.arange(len(table))), strict=True)]
    windows, _ = units.table.dense(np.arange(len(units)))
    for i, (name, position) in enumerate(units.names):
        row = table.ids.index(name)
        codes = table.targets.codes[slice(*table.targets.offsets[row : row + 2])]
        assert codes[position - 1] != codes[position - 2]
        assert units.table.targets[i] == codes[position - 1]
        whole = np.full((len(texts[row]) + 40, 4), 0.25, np.float32)
        whole[20:-20] = texts[row]
        assert np.array_equal(windows[i], whole[position - 1 : position + 40])
        for window in (None, 30, 50, 90):
            x, focus = units.read(i, window)
            assert len(x) == units.sizes(np.array([i]), window)[0]
            # at least the attributed residues are read
            assert len(x) == min(len(texts[row]), max(window or 999, 41))
            start = position - 1 - focus.target
            assert np.array_equal(x, texts[row][start : start + len(x)])
            assert start + focus.start == max(position - 21, 0)
            assert start + focus.end == min(position + 20, len(texts[row]))
        values = np.arange(1, inside(units)[i] + 1, dtype=np.float32)
        assert np.array_equal(padded(units, i, values) > 0, windows[i].max(axis=1) == 1)


def test_windows_are_the_records_of_modisco(made, tmp_path):
    folder, table, _ = made
    file = attribute(made, tmp_path, flank=60)
    paths = export_modisco(file.path, folder / "sequences.parquet", tmp_path / "modisco")
    records, *effects = (np.load(path)["arr_0"] for path in paths)
    units = units_of(table, 60)
    assert records.shape == (len(units), 4, 122)
    # some windows begin before their record, others end after it
    assert (inside(units) < 121).any()
    for i in range(len(units)):
        window = units.table.dense(np.array([i]))[0][0]
        known = window.max(axis=1) == 1
        assert np.array_equal(records[i, :, :121].T, window * known[:, None])
    numbers = {name: i for i, name in enumerate(units.names)}
    for part in file.parts():
        for k in np.flatnonzero(np.diff(part.offsets) > 0):
            i = numbers[part.ids[k], part.positions[k]]
            values = padded(units, i, part.contribution[part.offsets[k] : part.offsets[k + 1]])
            found = effects[file.metadata.classes.index(part.classes[k])][i, :, :121]
            # each record was attributed by one network
            np.testing.assert_allclose((found * records[i, :, :121]).sum(axis=0), values, atol=1e-6)


def test_windows_of_proteins_and_of_records_of_one_class(tmp_path, monkeypatch):
    path = tmp_path / "p.txt"
    path.write_text(">a\nMKTAYIA\nSSSSMMM\n>b\nMKV\nMMM\n")
    table = encode(tmp_path, [Source(path, None)], task="per_position", alphabet="protein")
    units = units_of(table, 4)
    assert units.names == [("a", 5)]
    dense = units.table.dense(np.array([0]))[0][0]
    assert [int(row.argmax()) if row.max() == 1 else -1 for row in dense] == [
        *table.dense(np.array([0]))[0][0].argmax(axis=1)[:7], -1, -1
    ]  # fmt: skip
    path.write_text(">a\nMKTAYIA\nSSSSSSS\n>b\nMKV\nMMM\n")
    table = encode(tmp_path, [Source(path, None)], task="per_position", alphabet="protein")
    # where no class begins within a record, the middle of each is explained
    assert units_of(table, 4).names == [("a", 4), ("b", 2)]
    exons = write_exons(tmp_path / "sides.txt", 2, 6)
    table = encode(tmp_path, [Source(exons, None)], task="per_position", alphabet="dna")
    every = units_of(table, 9).names
    monkeypatch.setattr(module, "MOST_WINDOWS", 3)
    some = units_of(table, 9).names
    assert len(every) > 3
    assert some == [every[0], every[(len(every) - 1) // 2], every[-1]]


def test_only_the_word_before_a_boundary_contributes(made, tmp_path):
    _, table, _ = made
    for method in ("mutagenesis", "gradients"):
        file = attribute(made, tmp_path / method, method=method)
        assert (file.metadata.flank, file.metadata.records) == (20, 48)
        assert file.metadata.classes == ["C", "N"]
        seen = set()
        for part in file.parts():
            for i in range(len(part)):
                row, position = table.ids.index(part.ids[i]), part.positions[i]
                codes = table.targets.codes[slice(*table.targets.offsets[row : row + 2])]
                values = part.contribution[slice(*part.offsets[i : i + 2])]
                first = max(position - 20, 1)
                assert len(values) == min(position + 20, len(codes)) - first + 1
                if method == "gradients" or table.classes[codes[position - 1]] != "C":
                    continue
                wanted = np.zeros(len(values))
                place = position - BEFORE - first
                sign = 1 if part.classes[i] == "C" else -1
                # without one of its bases the word is none: the mean of four residues is a quarter
                wanted[place : place + len(WORD)] = sign * GAIN * np.tanh(1) * 3 / 4
                np.testing.assert_allclose(values, wanted, atol=1e-5)
                assert part.logits[i] == pytest.approx(sign * GAIN * np.tanh(1), abs=1e-5)
                seen.add(part.ids[i])
        assert method == "gradients" or len(seen) == len(table)
    completeness = COMPLETENESS.read(tmp_path / "gradients" / COMPLETENESS.file)
    assert completeness["records"].sum() == 48 * 2
    assert completeness["relative_error"].max() < 0.01
    curve = FAITHFULNESS.read(tmp_path / "mutagenesis" / FAITHFULNESS.file)
    curve = curve[curve["class"] == "C"].groupby("k")[["top", "random"]].mean()
    assert curve.loc[0, "top"] == pytest.approx(GAIN * np.tanh(1), abs=1e-4)
    assert curve.loc[1, "top"] < curve.loc[1, "random"] - 2


def test_the_word_is_found_at_its_place_and_holds_up(made, tmp_path):
    folder, table, models = made
    attribute(made, tmp_path)
    discover_motifs(
        tmp_path / "attributions.parquet", folder / "sequences.parquet", tmp_path,
        databases=[], jaspar=None, seed=1, threads=1,
    )  # fmt: skip
    motifs = MOTIFS.read(tmp_path / MOTIFS.file)
    best = motifs.iloc[0]
    assert best["consensus"] == WORD
    assert (best["anchor"], best["position"], best["position_share"]) == ("boundary", -BEFORE, 1)
    assert (best["class"], best["sign"], best["also"]) == ("C", "for", "against N")
    assert (best["found"], best["trainings"]) == (2, 2)
    assert best["occurs_C"] == 1
    occurrences = OCCURRENCES.read(tmp_path / OCCURRENCES.file)
    own = occurrences[occurrences["motif"] == "M1"]
    at_start = own[own["start"] == own["position"] - 1 - BEFORE]
    assert at_start["id"].nunique() == len(table)
    assert (own["start"] >= 0).all()
    settings = ExplanationConfig(flank=20)
    check_motifs(
        tmp_path / MOTIFS.file, Networks(models, None, None), folder / "sequences.parquet",
        folder / "folds.parquet", tmp_path, permuted=[], settings=settings, machine=MACHINE,
    )  # fmt: skip
    tests = MOTIF_TESTS.read(tmp_path / MOTIF_TESTS.file).set_index(["motif", "test"])
    removed, planted = tests.loc[("M1", "removed")], tests.loc[("M1", "planted")]
    assert removed["records"] == len(table)
    whole = GAIN * np.tanh(1)
    assert removed["before"] == pytest.approx(whole, abs=1e-4)
    # a random residue is now and then the one that was there
    assert removed["change"] == pytest.approx(-whole, abs=0.3)
    assert abs(removed["control"]) < 0.3
    assert planted["change"] > whole / 2
    assert abs(planted["control"]) < 0.3
    files = {t.name: t.read(tmp_path / t.file) for t in (*SHOWN_MOTIFS, MOTIF_TESTS)}
    shown = str(motifs_section(files, per_position=True))
    assert f"{BEFORE} residues before the class begins" in shown
    assert f"Taken out of {len(table)} test windows" in shown
    assert "windows of other classes" in shown
    other = motifs.copy()
    other["anchor"] = "start"
    MOTIFS.write(tmp_path / MOTIFS.file, other)
    with pytest.raises(InputError, match="motifs of records with other labels"):
        check_motifs(
            tmp_path / MOTIFS.file, Networks(models, None, None), folder / "sequences.parquet",
            folder / "folds.parquet", tmp_path, permuted=[], settings=settings, machine=MACHINE,
        )  # fmt: skip


def test_a_fold_without_boundaries_has_no_row(made, tmp_path):
    folder, table, _ = made
    file = attribute(made, tmp_path, records=2)
    about = file.metadata.model_dump(exclude={"format"}, exclude_none=True)
    with attribution_writer(tmp_path / "empty.parquet", about):
        pass
    assert by_chance([tmp_path / "empty.parquet"], table, 1).empty
    discover_motifs(
        tmp_path / "empty.parquet", folder / "sequences.parquet", tmp_path,
        databases=[], jaspar=None, seed=1, threads=1,
    )  # fmt: skip
    search = MOTIF_SEARCH.read(tmp_path / MOTIF_SEARCH.file)
    assert set(search["why"]) == {"No record was attributed."}


def test_boundaries_are_drawn_evenly_by_class_and_long_pieces_are_refused(made, tmp_path, cli):
    folder, _, models = made
    few = attribute(made, tmp_path / "few", records=6)
    assert (few.metadata.records, few.metadata.eligible) == (6, 48)
    none = attribute(made, tmp_path / "none", longest=30)
    reasons = {reason for part in none.parts() for reason in part.reasons}
    assert reasons == {"90 residues, more than explanation: longest (30)"} or len(reasons) > 1
    tables = ("--sequences", folder / "sequences.parquet", "--folds", folder / "folds.parquet")
    done = cli("attribute", *models, *tables, "--records", 4, "--flank", 5, "-o", "out")
    assert done.code == 0, done.err
    assert "4 of 48 boundaries between classes in test records are attributed" in done.err
    frame = pd.read_parquet(tmp_path / "out" / "attributions.parquet")
    assert frame["contribution"].map(len).max() == 11
