from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import encode

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.fitting.begin import begin_training
from bioseqrnn.fitting.loop import _epoch, train_network
from bioseqrnn.fitting.optimizer import AdamW
from bioseqrnn.fitting.session import Session
from bioseqrnn.inference.batches import PREDICTION_POSITIONS, bucketed, by_length
from bioseqrnn.inference.device import GIVEN, choose_device, set_deterministic
from bioseqrnn.inference.network import predict_packed
from bioseqrnn.inference.processes import Processes
from bioseqrnn.networks.card import read_card
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.defaults import fit_config
from bioseqrnn.networks.store import load_model
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.stages.training.run import FoldFiles, FoldTraining, train_final, train_fold
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.folds import read_roles
from bioseqrnn.tables.predictions import read_predictions

CPU = torch.device("cpu")
SMALL = {"hidden_size": 8, "stem_filters": 8, "epochs": 3}
# fewer epochs than by default, and longer steps
QUICK = {"hidden_size": 16, "stem_filters": 16, "epochs": 8, "learning_rate": 0.02}


def planted(folder, shuffle_labels=False):
    """Sequences of 20 to 60 nt; one class has TATAAGC at a random place."""
    rng = np.random.default_rng(5)
    lines = {"plain": [], "motif": []}
    for i in range(1500):
        sequence = "".join(rng.choice(list("ACGT"), rng.integers(20, 60)))
        if i % 2:
            at = rng.integers(0, len(sequence) - 7)
            sequence = sequence[:at] + "TATAAGC" + sequence[at + 7 :]
        has_motif = rng.random() < 0.5 if shuffle_labels else i % 2
        lines["motif" if has_motif else "plain"].append(f">s{i}\n{sequence}\n")
    for name, records in lines.items():
        (folder / f"{name}.fa").write_text("".join(records))
    return encode(folder, [Source(folder / f"{name}.fa", name) for name in lines])


@pytest.fixture(scope="module")
def motifs(tmp_path_factory):
    return planted(tmp_path_factory.mktemp("motifs"))


def accuracy_on_the_rest(table, **settings):
    order = np.random.default_rng(1).permutation(len(table))
    train, validation, test = order[:1000], order[1000:1100], order[1100:1400]
    config = ModelConfig(**(QUICK | settings))
    trained = train_network(table, train, validation, config, seed=1, processes=Processes(CPU))
    probability = predict_packed(trained.network, table.packed, table.alphabet, test, CPU)
    return (probability.argmax(axis=1) == table.targets[test]).mean()


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_planted_motif_is_learned(cell, motifs):
    assert accuracy_on_the_rest(motifs, cell=cell) > 0.9


def test_shuffled_labels_are_not_learned(tmp_path):
    # 300 test records: chance is 0.5 with a standard error of 0.029
    assert 0.38 < accuracy_on_the_rest(planted(tmp_path, shuffle_labels=True), cell="gru") < 0.62


def test_history_and_early_stopping(acp):
    order = np.random.default_rng(2).permutation(len(acp))
    config = ModelConfig(
        cell="gru", hidden_size=16, epochs=40, patience=2, learning_rate=0.02, schedule="constant"
    )
    validation = order[200:300]
    trained = train_network(acp, order[:200], validation, config, seed=1, processes=Processes(CPU))
    history = trained.history
    assert len(history) < 40
    assert len(history) == trained.best_epoch + 2
    assert history["validation_loss"].argmin() + 1 == trained.best_epoch
    # the weights kept are those of the best epoch
    p = predict_packed(trained.network, acp.packed, acp.alphabet, validation, CPU)
    loss = -np.log(p[np.arange(100), acp.targets[validation]]).mean()
    assert loss == pytest.approx(history["validation_loss"].min(), rel=1e-9)
    assert list(history) == [
        "epoch", "learning_rate", "train_loss", "gradient_norm", "gradient_norm_max", "clipped",
        "halvings", "validation_loss", "validation_accuracy",
    ]  # fmt: skip


def test_validation_records_are_not_trained_on(acp):
    """Changing what validation records are changes when training stops, never a gradient."""
    order = np.random.default_rng(2).permutation(len(acp))
    config = ModelConfig(cell="gru", **SMALL)
    runs = [
        train_network(acp, order[:200], rows, config, seed=1, processes=Processes(CPU)).history[
            "train_loss"
        ]
        for rows in (order[200:300], order[300:400])
    ]
    assert runs[0].tolist() == runs[1].tolist()


def test_gradients_are_clipped(acp, monkeypatch):
    norms = []
    step = AdamW.step

    def spy(optimizer, *args, **kwargs):
        gradients = [p.grad for group in optimizer.param_groups for p in group["params"]]
        norms.append(torch.stack([g.norm() for g in gradients]).norm().item())
        return step(optimizer, *args, **kwargs)

    monkeypatch.setattr(AdamW, "step", spy)
    config = ModelConfig(cell="rnn", gradient_clip=0.01, schedule="constant", **SMALL)
    trained = train_network(
        acp, np.arange(100), np.arange(0), config, seed=1, processes=Processes(CPU)
    )
    assert max(norms) <= 0.01 * 1.001
    # before clipping they were longer
    assert (trained.history["gradient_norm"] > 0.02).all()
    assert (trained.history["gradient_norm_max"] >= trained.history["gradient_norm"]).all()
    assert (trained.history["clipped"] == 1).all()


@pytest.fixture
def folder(acp, tmp_path):
    """Tables of the peptides and a fold table, as files."""
    from conftest import RESOURCES

    sources = [Source(RESOURCES / "acp" / f"{c}.fa", c) for c in ("ACP", "Random")]
    encode(tmp_path, sources, where="acp", positive="ACP")
    split_table(
        acp,
        tmp_path / "folds.parquet",
        FoldsConfig(count=3, validation_fraction=0.2, seed=1, grouping="duplicates"),
    )
    return tmp_path


def train(folder, name, seed=1, cell="gru", **changes):
    out = folder / name
    train_fold(
        folder / "sequences.parquet",
        folder / "folds.parquet",
        FoldFiles(out / "model.safetensors", out / "history.tsv", out / "predictions.parquet"),
        FoldTraining("m", ModelConfig(cell=cell, **SMALL | changes), 1, seed),
        machine=MachineConfig(device="cpu"),
    )
    return out


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_same_seed_same_bytes(folder, cell):
    first, second, other = (
        train(folder, name, seed, cell) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    for name in ("predictions.parquet", "model.safetensors"):
        assert (first / name).read_bytes() == (second / name).read_bytes()
        assert (first / name).read_bytes() != (other / name).read_bytes()


def test_fold_outputs(folder, acp):
    out = train(folder, "run")
    run = read_predictions(out / "predictions.parquet")
    from bioseqrnn.tables.folds import read_folds

    test = read_folds(folder / "folds.parquet", acp).indices(1, "test")
    assert run.ids == [acp.ids[i] for i in test]
    assert (run.model, run.kind, run.fold, run.seed) == ("m", "network", 1, 1)
    np.testing.assert_allclose(run.scores.sum(axis=1), 1, rtol=1e-12)
    network, card = load_model(out / "model.safetensors", CPU)
    again = predict_packed(network, acp.packed, acp.alphabet, test, CPU)
    assert np.array_equal(again, run.scores)
    assert card["device"] == "cpu (1 thread)"
    assert card["sources"] == acp.metadata["sources"]


def test_refit_learns_from_training_and_validation_records_for_as_many_epochs(folder, acp):
    roles = read_roles(folder / "folds.parquet", acp, 1)
    train_rows, validation, test = roles
    config = ModelConfig(cell="gru", **SMALL)
    stopped = train_network(acp, train_rows, validation, config, seed=1, processes=Processes(CPU))
    both = np.sort(np.concatenate([train_rows, validation]))
    refit = train_network(
        acp,
        both,
        np.arange(0),
        config,
        seed=1,
        processes=Processes(CPU),
        last_epoch=stopped.best_epoch,
    )
    for name, network, learned in (("false", stopped, train_rows), ("true", refit, both)):
        out = train(folder, name, refit=name == "true")
        card = read_card(out / "model.safetensors")
        assert (card["trained_on"], card["epoch"]) == (len(learned), stopped.best_epoch)
        saved, _ = load_model(out / "model.safetensors", CPU)
        for one, other in zip(saved.parameters(), network.network.parameters(), strict=True):
            assert torch.equal(one, other)
        # thresholds and calibration are fitted where the network has not been
        for role, scored, rows in (
            ("validation", stopped, validation), ("test", network, test),
        ):  # fmt: skip
            expected = predict_packed(scored.network, acp.packed, acp.alphabet, rows, CPU)
            given = read_predictions(out / "predictions.parquet", role=role)
            assert np.array_equal(given.scores, expected)


def test_final_model_uses_every_record_and_the_selected_epochs(folder, acp, tmp_path):
    choice = {
        "model": "gru", "config": {"cell": "gru", **SMALL}, "epochs": 2, "metrics": {"auroc": 0.9},
    }  # fmt: skip
    (tmp_path / "selected.json").write_text(json.dumps(choice))
    train_final(
        folder / "sequences.parquet",
        tmp_path / "selected.json",
        tmp_path / "final.safetensors",
        seed=1,
        machine=MachineConfig(device="cpu"),
    )
    card = read_card(tmp_path / "final.safetensors")
    assert (card["trained_on"], card["epoch"], card["metrics"]) == (len(acp), 2, {"auroc": 0.9})


def test_fold_that_does_not_exist(folder):
    with pytest.raises(InputError, match="fold 7 does not exist; there are folds 0 to 2"):
        train_fold(
            folder / "sequences.parquet",
            folder / "folds.parquet",
            FoldFiles(folder / "m.safetensors", folder / "h.tsv", folder / "p.parquet"),
            FoldTraining("m", ModelConfig(cell="gru"), 7, 1),
            machine=MachineConfig(device="cpu"),
        )


def test_batches_hold_every_record_once_and_little_padding(acp):
    rows = np.arange(100, 700)
    batches = bucketed(rows, acp.lengths, 64, np.random.default_rng(1))
    assert sorted(np.concatenate(batches)) == rows.tolist()
    padded = sum(acp.lengths[batch].max() * len(batch) for batch in batches)
    assert padded < 1.1 * acp.lengths[rows].sum()
    other = bucketed(rows, acp.lengths, 64, np.random.default_rng(2))
    assert [b.tolist() for b in batches] != [b.tolist() for b in other]


def test_prediction_batches_are_bounded():
    lengths = np.array([10] * 1000 + [100_000] * 5 + [10_000_000])
    batches = list(by_length(np.arange(len(lengths)), lengths))
    assert sorted(np.concatenate(batches)) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) <= 512
        assert len(batch) == 1 or len(batch) * lengths[batch].max() <= PREDICTION_POSITIONS


def test_prediction_is_the_same_in_any_batch(acp, monkeypatch):
    config = ModelConfig(cell="lstm", **SMALL)
    trained = train_network(
        acp, np.arange(300), np.arange(0), config, seed=1, processes=Processes(CPU)
    )
    rows = np.arange(len(acp))[::-1]
    whole = predict_packed(trained.network, acp.packed, acp.alphabet, rows, CPU)
    monkeypatch.setattr("bioseqrnn.inference.batches.PREDICTION_RECORDS", 7)
    parts = predict_packed(trained.network, acp.packed, acp.alphabet, rows, CPU)
    np.testing.assert_allclose(whole, parts, atol=1e-6)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_cuda_asked_for_and_absent():
    with pytest.raises(InputError, match="device cuda: PyTorch finds no CUDA device"):
        choose_device("cuda")
    assert choose_device("auto").type == "cpu"


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
@pytest.mark.parametrize(
    ("setting", "warns"), [("0", True), ("GPU-5e", True), ("", False), ("-1", False)]
)
def test_a_cpu_instead_of_a_given_gpu_is_loud(monkeypatch, capsys, setting, warns):
    for name in GIVEN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SLURM_JOB_GPUS", setting)
    choose_device("auto")
    told = capsys.readouterr().err
    assert ("given a GPU (SLURM_JOB_GPUS=" in told) == warns
    choose_device("cpu")
    assert capsys.readouterr().err == ""


def test_single_precision_is_not_rounded_by_tensor_cores():
    torch.backends.cudnn.allow_tf32 = True
    set_deterministic(1, 1)
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_agrees_with_the_cpu(acp):
    set_deterministic(1, 1)
    config = ModelConfig(cell="gru", **SMALL)
    trained = train_network(
        acp, np.arange(300), np.arange(0), config, seed=1, processes=Processes(torch.device("cuda"))
    )
    rows = np.arange(300, len(acp))
    on_gpu = predict_packed(trained.network, acp.packed, acp.alphabet, rows, torch.device("cuda"))
    on_cpu = predict_packed(trained.network.cpu(), acp.packed, acp.alphabet, rows, CPU)
    np.testing.assert_allclose(on_gpu, on_cpu, atol=1e-4)


def test_history_file_has_numbers(folder):
    history = pd.read_csv(train(folder, "run") / "history.tsv", sep="\t")
    assert history["epoch"].tolist() == [1, 2, 3]
    assert history.notna().all().all()


def test_averaged_weights_are_the_running_mean_of_the_steps(acp):
    """Against the mean worked out beside a training without one, whose course is the same."""
    order = np.random.default_rng(2).permutation(len(acp))
    rows, nobody = order[:100], order[:0]
    settings = {"cell": "gru", "batch_size": 50, "dropout": 0.0} | SMALL
    plain = ModelConfig(**settings, weight_average=0.0)
    weights = [
        train_network(
            acp, rows, nobody, plain, seed=1, processes=Processes(CPU), last_epoch=epoch
        ).network.head.weight.detach()
        for epoch in (1, 2, 3)
    ]
    kept = train_network(
        acp,
        rows,
        nobody,
        ModelConfig(**settings, weight_average=0.5),
        seed=1,
        processes=Processes(CPU),
    )
    # two steps an epoch, so the mean of the third epoch's end is near its last two weights
    mean = kept.network.head.weight.detach()
    assert not torch.equal(mean, weights[2])
    assert (mean - weights[2]).abs().max() < (weights[0] - weights[2]).abs().max()
    one_step = ModelConfig(**settings | {"batch_size": 100, "epochs": 1}, weight_average=0.99)
    torch.manual_seed(1)
    start = SequenceClassifier(fit_config(one_step, acp.metadata), 20, 2).head.weight.detach()
    end = train_network(
        acp,
        rows,
        nobody,
        one_step.model_copy(update={"weight_average": 0.0}),
        seed=1,
        processes=Processes(CPU),
    ).network.head.weight.detach()
    averaged = train_network(
        acp, rows, nobody, one_step, seed=1, processes=Processes(CPU)
    ).network.head.weight
    # the first step counts for 10 of 11 parts: the decay begins at 1 / 11
    torch.testing.assert_close(averaged.detach(), start / 11 + end * 10 / 11)


def test_members_of_an_ensemble_learn_on_their_own(acp):
    """Each as if it were alone, so that a clipped gradient of one does not slow the others."""
    order = np.random.default_rng(2).permutation(len(acp))
    config = ModelConfig(
        cell="gru", members=2, gradient_clip=0.1, dropout=0.0, mutation=0.0, **SMALL
    )
    trained = train_network(acp, order[:200], order[:0], config, seed=1, processes=Processes(CPU))
    begun = {
        members: begin_training(
            config.model_copy(update={"members": members}), acp, order[:200], seed=1,
            processes=Processes(CPU), what="alone",
        )
        for members in (1, 2)
    }  # fmt: skip
    first, second = begun[2].network.members
    assert not torch.equal(first.head.weight, second.head.weight)
    state = begun[1]
    state.network.load_state_dict(second.state_dict())
    state.average = None
    state.begin_average(config.weight_average)
    for _ in range(config.epochs):
        state.end_epoch(_epoch(state, acp, order[:200], config, 1, Session()))
    for want, got in zip(
        state.judged.parameters(), trained.network.others[0].parameters(), strict=True
    ):
        torch.testing.assert_close(got, want)


def test_gates_remember_no_longer_than_records_are(acp):
    """Peptides of 8 to 28 residues, of which none can be 100 steps back."""
    rows = np.arange(len(acp))
    config = fit_config(ModelConfig(cell="gru", hidden_size=400), acp.metadata)
    state = begin_training(config, acp, rows, seed=1, processes=Processes(CPU), what="m")
    bias = state.network.recurrent.bias_ih_l0.detach()[400:800:2]
    longest = int(np.median(acp.lengths))
    assert longest - 1 < 1 + float(torch.exp(bias.max())) <= longest
    asked = config.model_copy(update={"memory": 5})
    state = begin_training(asked, acp, rows, seed=1, processes=Processes(CPU), what="m")
    assert float(torch.exp(state.network.recurrent.bias_ih_l0.detach()[400:800:2].max())) <= 4


@pytest.mark.parametrize(
    "settings",
    [
        {"reverse_complement": "average"}, {"reverse_complement": "augment"}, {"stem_pool": 3},
        {"members": 2}, {"label_smoothing": 0.1}, {"shift": 3, "mutation": 0.05},
        {"memory": 50}, {"weight_average": 0.0}, {"pooling": ["attention", "centre"]},
    ],
    ids=str,
)  # fmt: skip
def test_every_option_learns_a_planted_motif(settings, motifs):
    assert accuracy_on_the_rest(motifs, cell="gru", **settings) > 0.9


def test_strands_that_mean_the_same_are_learned_from_both(tmp_path):
    """The motif stands on the given strand in training, on the other in the test."""
    rng = np.random.default_rng(5)
    records = {"plain": [], "motif": []}
    for i in range(1500):
        sequence = "".join(rng.choice(list("ACGT"), 40))
        if i % 2:
            motif = "TATAAGC" if i < 1200 else "GCTTATA"
            at = rng.integers(0, 33)
            sequence = sequence[:at] + motif + sequence[at + 7 :]
        records["motif" if i % 2 else "plain"].append(f">s{i}\n{sequence}\n")
    for name, lines in records.items():
        (tmp_path / f"{name}.fa").write_text("".join(lines))
    sources = [Source(tmp_path / f"{name}.fa", name) for name in records]
    table = encode(tmp_path, sources, alphabet="dna", strands="both")
    number = np.array([int(name[1:]) for name in table.ids])
    rows = [np.flatnonzero(part) for part in (number < 1000, (number >= 1000) & (number < 1200))]
    test = np.flatnonzero(number >= 1200)
    accuracy = {}
    for strands in ("auto", "augment", "none"):
        config = ModelConfig(cell="gru", **QUICK, reverse_complement=strands)
        trained = train_network(table, *rows, config, seed=1, processes=Processes(CPU))
        p = predict_packed(trained.network, table.packed, table.alphabet, test, CPU)
        accuracy[strands] = (p.argmax(axis=1) == table.targets[test]).mean()
    assert accuracy["auto"] > 0.9
    assert accuracy["augment"] > 0.85
    assert accuracy["none"] < 0.7
