"""Every baseline learns every task that it is for."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import RESOURCES, encode

from bioseqrnn.config.choices import BASELINES
from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.stages.baselines.methods import applicable, scores_of
from bioseqrnn.stages.baselines.run import train_baseline
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.tables.predictions import read_predictions


def peptides(count):
    """Ids and sequences of bundled peptides, of both classes."""
    records = []
    for name in ("ACP", "Random"):
        text = (RESOURCES / "acp" / f"{name}.fa").read_text().split(">")[1 : count // 2 + 1]
        records += [(head, "".join(rest)) for head, *rest in (r.split("\n") for r in text)]
    return [(f"p{i}", sequence) for i, (_, sequence) in enumerate(records)]


def write_regression(folder):
    """The net charge a residue."""
    rows = []
    for name, sequence in peptides(400):
        charge = sum(sequence.count(x) for x in "KR") - sum(sequence.count(x) for x in "DE")
        rows.append((name, sequence, 100 + 20 * charge / len(sequence)))
    return rows


def write_multilabel(folder):
    """Which of some residues stand in the peptide at least twice."""
    return [
        (name, sequence, ";".join(x for x in "KLA" if sequence.count(x) > 1))
        for name, sequence in peptides(400)
    ]


def sequences_of(folder, task):
    if task == "per_position":
        # positive where the residue or one beside it is
        lines = []
        for name, sequence in peptides(300):
            charged = [x in "KR" for x in sequence]
            near = [any(charged[max(0, i - 1) : i + 2]) for i in range(len(sequence))]
            labels = "".join("+" if x else "-" for x in near)
            lines.append(f">{name}\n{sequence}\n{labels}\n")
        (folder / "all.fa").write_text("".join(lines))
        source = Source(folder / "all.fa")
    else:
        rows = {"regression": write_regression, "multilabel": write_multilabel}[task](folder)
        (folder / "all.fa").write_text("".join(f">{name}\n{s}\n" for name, s, _ in rows))
        (folder / "labels.tsv").write_text(
            "id\tlabel\n" + "".join(f"{name}\t{label}\n" for name, _, label in rows)
        )
        source = Source(folder / "all.fa", labels=folder / "labels.tsv")
    table = encode(folder, [source], task=task, alphabet="protein")
    split_table(
        table,
        folder / "folds.parquet",
        FoldsConfig(count=3, validation_fraction=0.15, seed=1, grouping="duplicates"),
    )
    return table


@pytest.fixture(scope="module", params=["regression", "multilabel", "per_position"])
def prepared(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    return folder, sequences_of(folder, request.param)


@pytest.mark.parametrize("method", list(BASELINES))
def test_baselines_learn_every_task(method, prepared):
    folder, table = prepared
    if not applicable(method, table.task.name):
        assert (method, table.task.name) in {
            ("gapped_kmer", "per_position"), ("pwm", "per_position"),
        }  # fmt: skip
        return
    losses = {}
    for name in (method, "majority"):
        output = folder / f"{name}.parquet"
        train_baseline(
            folder / "sequences.parquet", folder / "folds.parquet", output,
            baseline=name, fold=0, seed=1, threads=1,
        )  # fmt: skip
        for role in ("validation", "test"):
            run = read_predictions(output, role)
            assert np.isfinite(run.scores).all()
            units = len(run.targets.codes) if table.task.per_position else len(run.ids)
            assert run.scores.shape == (units, table.task.outputs(table.classes))
            losses[name, role] = table.task.loss(run.targets, run.scores)
    if method != "majority":
        assert losses[method, "test"] < 0.9 * losses["majority", "test"]
        assert losses[method, "validation"] < losses["majority", "validation"]


@pytest.mark.parametrize("method", list(BASELINES))
def test_short_ambiguous_and_odd_records(method, tmp_path):
    """Records shorter than any word, and records of nothing but N."""
    rng = np.random.default_rng(1)
    for name, letters in (("a", "ACGT"), ("b", "AATT")):
        sequences = ["A", "N", "NNNNNNNNNNNN", "RY", "ACGTN"]
        sequences += ["".join(rng.choice(list(letters), size=30)) for _ in range(25)]
        lines = "".join(f">{name}{i}\n{s}\n" for i, s in enumerate(sequences))
        (tmp_path / f"{name}.fa").write_text(lines)
    sources = [Source(tmp_path / "a.fa", "a"), Source(tmp_path / "b.fa", "b")]
    for strands in ("single", "both"):
        table = encode(tmp_path, sources, alphabet="dna", strands=strands)
        rows = np.arange(60)
        train, validation, test = (rows[rows % 3 == k] for k in range(3))
        for scores, part in zip(
            scores_of(method, table, train, validation, test, 1), (validation, test), strict=True
        ):
            assert scores.shape == (len(part), 2)
            np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-6)


def test_networks_in_pieces_give_what_the_whole_gives(tmp_path, monkeypatch):
    """A record that is longer than a piece is predicted as if it were not cut."""
    import torch

    from bioseqrnn.config.models import ModelConfig
    from bioseqrnn.fitting.objective import Objective
    from bioseqrnn.stages.baselines import cnn
    from bioseqrnn.stages.baselines.problem import Problem

    table = sequences_of(tmp_path, "per_position")
    rows = np.arange(20)
    problem = Problem(table, rows, rows, rows, 1)
    torch.manual_seed(1)
    network = cnn.ConvolutionalNetwork(20, 7, 2, True, False)
    objective = Objective.of(
        ModelConfig(cell="gru"), table.task, problem.truth(rows), table.classes
    )
    whole = cnn._scores(network, objective, problem, rows)
    monkeypatch.setattr(cnn, "PIECE", 1)
    np.testing.assert_allclose(cnn._scores(network, objective, problem, rows), whole, atol=1e-6)
