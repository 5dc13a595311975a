from __future__ import annotations

import gc
import hashlib
import importlib
import json
import os
import random
import re
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import BIN, RESOURCES, encode, first_records
from forked import Forked

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.fitting.checkpoint import checkpoint_path, different
from bioseqrnn.fitting.session import Session
from bioseqrnn.networks.card import read_card
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.stages.training import run
from bioseqrnn.support.errors import TrainingStopped
from bioseqrnn.support.io import write_json

# two layers with dropout, augmentation, averaged weights, two members: the random numbers matter,
# and so does every part of the state; at this rate some gradients are clipped, the second epoch is
# the best, and the patience ends it after the third
CONFIG = {
    "cell": "gru", "hidden_size": 5, "stem_filters": 4, "layers": 2, "batch_size": 32, "epochs": 4,
    "patience": 1, "learning_rate": 0.1, "gradient_clip": 0.3, "weight_average": 0.5,
    "members": 2, "shift": 2, "mutation": 0.1, "label_smoothing": 0.1,
}  # fmt: skip
OUTPUTS = ("model.safetensors", "history.tsv", "predictions.parquet")
CHECKPOINTS = ["model.safetensors.checkpoint", "model.safetensors.checkpoint.refit"]


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Tables of 100 peptides in two folds, and a selection for the final model."""
    folder = tmp_path_factory.mktemp("resume")
    sources = []
    for label in ("ACP", "Random"):
        path = folder / f"{label}.fa"
        path.write_text(first_records(RESOURCES / "acp" / f"{label}.fa", 50))
        sources.append(Source(path, label))
    table = encode(folder, sources, where="acp")
    split_table(
        table,
        folder / "folds.parquet",
        FoldsConfig(count=2, validation_fraction=0.2, seed=1, grouping="duplicates"),
    )
    choice = {"model": "m", "config": CONFIG, "epochs": 2, "metrics": {}}
    write_json(folder / "selected.json", choice)
    return folder


def train(tables, out, *, every=0.0, fold=1, seed=1, **changes):
    """As the command line does, with a checkpoint at every tick unless told otherwise."""
    with Session(out / "model.safetensors", every) as session:
        run.train_fold(
            tables / "sequences.parquet",
            tables / "folds.parquet",
            run.FoldFiles(out / OUTPUTS[0], out / OUTPUTS[1], out / OUTPUTS[2]),
            run.FoldTraining("m", ModelConfig(**CONFIG | changes), fold, seed),
            machine=MachineConfig(device="cpu"),
            session=session,
        )


def train_final(tables, out, *, every=0.0):
    with Session(out / "model.safetensors", every) as session:
        run.train_final(
            tables / "sequences.parquet",
            tables / "selected.json",
            out / "model.safetensors",
            seed=1,
            machine=MachineConfig(device="cpu"),
            session=session,
        )


def contents(out):
    return {
        path.name: path.read_bytes()
        for path in sorted(out.iterdir())
        if path.is_file() and path.name != "log"
    }


@pytest.fixture(scope="module")
def whole(tables, tmp_path_factory):
    """What an uninterrupted training writes."""
    out = tmp_path_factory.mktemp("whole")
    train(tables, out, every=1e9)
    assert sorted(contents(out)) == sorted(OUTPUTS)
    assert read_card(out / "model.safetensors")["epoch"] == 2
    return contents(out)


def forked(work, out: Path) -> int:
    """Start a child process that works; its standard error is appended to ``log``."""
    out.mkdir(exist_ok=True)
    # what there is stays: the child is not to copy it to look for garbage in it
    gc.freeze()
    pid = os.fork()
    if pid:
        gc.unfreeze()
        return pid
    code = 1
    try:
        sys.stderr = (out / "log").open("a", buffering=1)
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def outcome(pid: int) -> int:
    """Exit code of a child, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying_at(monkeypatch, target, name, nth, *, after=False):
    """Make the nth call of a function kill its process, before or after it does its work."""
    true = getattr(target, name)
    calls = 0

    def call(*args, **kwargs):
        nonlocal calls
        calls += 1
        if calls == nth and not after:
            die()
        result = true(*args, **kwargs)
        if calls == nth:
            die()
        return result

    monkeypatch.setattr(target, name, call)


def ticks(tables, out, work) -> int:
    """How often a whole training could stop."""
    count = 0
    tick = Session.tick

    def counted(session):
        nonlocal count
        count += 1
        tick(session)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "tick", counted)
        work(tables, out, every=1e9)
    return count


@pytest.mark.parametrize("work", [train, train_final])
def test_killed_after_any_batch_and_run_again_gives_the_same_bytes(
    tables, whole, tmp_path, capfd, work
):
    """From what is on disk after each batch; the tests below really kill."""
    count = ticks(tables, tmp_path / "whole", work)
    expected = contents(tmp_path / "whole")
    assert expected == whole or work is train_final
    # batches of three epochs, each validation, the last again, two epochs of the refit, the test
    # records; or two epochs of the final model
    assert count == (3 * 2 + 3 + 1 + 2 * 2 + 1 if work is train else 2 * 4)
    out, left = tmp_path / "watched", []
    tick = Session.tick

    def kept(session):
        tick(session)
        left.append(tmp_path / str(len(left) + 1))
        shutil.copytree(out, left[-1])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "tick", kept)
        work(tables, out)
    assert contents(out) == expected
    assert len(left) == count
    for nth, folder in enumerate(left, 1):
        names = [name for name in contents(folder) if not name.startswith(".")]
        refit = work is train and nth > 3 * 2 + 3 + 1
        assert names == CHECKPOINTS[: 2 if refit else 1]
        capfd.readouterr()
        work(tables, folder, every=1e9)
        assert contents(folder) == expected
        assert "resumes after" in capfd.readouterr().err


def test_killed_again_and_again(tables, whole, tmp_path, monkeypatch):
    """Every run gets two batches further; one less once validation records are scored each time."""
    dying_at(monkeypatch, Session, "tick", 3, after=True)
    deaths = 0
    while outcome(forked(lambda: train(tables, tmp_path), tmp_path)) != 0:
        deaths += 1
        assert deaths < 50
    assert deaths == 6
    assert contents(tmp_path) == whole


@pytest.mark.parametrize(
    ("target", "name", "nth", "after"),
    [
        # within the writing of a checkpoint: nothing, all but not in place, just in place
        ("bioseqrnn.fitting.checkpoint.torch", "save", 4, True),
        ("bioseqrnn.support.io.os", "fsync", 4, False),
        ("pathlib.Path", "replace", 4, False),
        ("pathlib.Path", "replace", 4, True),
        # between the outputs, and before the checkpoint goes
        ("bioseqrnn.stages.training.run", "save_model", 1, True),
        ("bioseqrnn.tables.declared.table", "write_tsv", 1, True),
        ("bioseqrnn.stages.training.run", "write_predictions", 1, True),
    ],
)
def test_killed_within_a_write(tables, whole, tmp_path, target, name, nth, after):
    module, _, attribute = target.rpartition(".")
    place = getattr(importlib.import_module(module), attribute)
    with pytest.MonkeyPatch.context() as patch:
        dying_at(patch, place, name, nth, after=after)
        assert outcome(forked(lambda: train(tables, tmp_path), tmp_path)) == -signal.SIGKILL
    # which may write no checkpoint of its own
    assert outcome(forked(lambda: train(tables, tmp_path, every=1e9), tmp_path)) == 0
    assert contents(tmp_path) == whole
    assert "damaged" not in (tmp_path / "log").read_text()


def test_killed_at_random_moments(tables, whole, tmp_path):
    """From outside, wherever the process is."""
    delays = random.Random(1)
    kills = 0
    while True:
        pid = forked(lambda: train(tables, tmp_path), tmp_path)
        time.sleep(delays.uniform(0, 0.1 + 0.05 * kills))
        os.kill(pid, signal.SIGKILL)
        # without a wait until now the process is still there to be killed, or to be counted
        if outcome(pid) == 0:
            break
        kills += 1
    assert contents(tmp_path) == whole


BUSY = {"cell": "gru", "hidden_size": 5, "stem_filters": 4, "batch_size": 4, "epochs": 12}


def command(tables, out, seconds):
    return [
        BIN / "bioseqrnn", "train", "--sequences", tables / "sequences.parquet",
        "--folds", tables / "folds.parquet", "--fold", "0", "--config", json.dumps(BUSY),
        "--model", "m", "--device", "cpu", "--checkpoint-seconds", str(seconds),
        "--output", out / OUTPUTS[0],
    ]  # fmt: skip


def started(tables, out):
    """The command, once it has written a checkpoint."""
    out.mkdir(exist_ok=True)
    path = checkpoint_path(out / "model.safetensors")
    before = path.stat().st_ino if path.exists() else None
    process = Forked(command(tables, out, 0))
    while not path.exists() or path.stat().st_ino == before:
        assert process.poll() is None
        time.sleep(0.01)
    return process


def test_the_command_killed_stopped_and_run_again(tables, tmp_path):
    with Session() as session:
        run.train_fold(
            tables / "sequences.parquet",
            tables / "folds.parquet",
            run.FoldFiles(tmp_path / OUTPUTS[0], tmp_path / OUTPUTS[1], tmp_path / OUTPUTS[2]),
            run.FoldTraining("m", ModelConfig(**BUSY), 0, 1),
            machine=MachineConfig(device="cpu"),
            session=session,
        )
    whole = contents(tmp_path)
    out = tmp_path / "killed"
    place = None
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGUSR1):
        process = started(tables, out)
        process.send_signal(number)
        _, err = process.communicate()
        if place is not None:
            assert f"m, fold 0, seed 1: resumes after {place}\n" in err
        place = None
        if number == signal.SIGKILL:
            assert process.returncode == -signal.SIGKILL
            continue
        assert process.returncode == 75
        last = re.fullmatch(
            rf"bioseqrnn: m, fold 0, seed 1: stopped by {number.name} after (epoch \d+.*); "
            "run the same command again to resume from there",
            err.splitlines()[-1],
        )
        place = last.group(1)
    process = Forked(command(tables, out, 60))
    _, err = process.communicate()
    assert process.returncode == 0
    assert f"resumes after {place}\n" in err
    assert contents(out) == whole


def test_stopped_by_a_signal_to_itself_at_any_place(tables, whole, tmp_path):
    """Also while validation and test records are predicted; handlers are put back."""
    before = signal.getsignal(signal.SIGUSR1)
    count = ticks(tables, tmp_path / "whole", train)
    for nth in range(1, count + 1):
        out = tmp_path / str(nth)
        out.mkdir()
        calls = 0
        tick = Session.tick

        def signalled(session, tick=tick, nth=nth):
            nonlocal calls
            calls += 1
            if calls == nth:
                os.kill(os.getpid(), signal.SIGUSR1)
            tick(session)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Session, "tick", signalled)
            # no checkpoint but for the signal
            with pytest.raises(TrainingStopped, match="stopped by SIGUSR1"):
                train(tables, out, every=1e9)
        assert signal.getsignal(signal.SIGUSR1) == before
        assert list(contents(out)) == CHECKPOINTS[: 1 if nth <= 3 * 2 + 3 + 1 else 2]
        # of what every batch leaves, a test above shows that a training goes on from it
        if nth % 2:
            train(tables, out, every=1e9)
            assert contents(out) == whole


def stop_after(tables, out, nth, **changes):
    """Leave a checkpoint of a training that was killed."""
    with pytest.MonkeyPatch.context() as patch:
        dying_at(patch, Session, "tick", nth, after=True)
        assert outcome(forked(lambda: train(tables, out, **changes), out)) == -signal.SIGKILL
    return checkpoint_path(out / "model.safetensors")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"learning_rate": 0.001}, "learning_rate"),
        ({"seed": 2, "epochs": 5}, "epochs, seed"),
        ({"fold": 0}, "fold"),
    ],
)
def test_checkpoint_of_another_training_is_not_used(tables, whole, tmp_path, capfd, changes, named):
    stop_after(tables, tmp_path, 3, **changes)
    train(tables, tmp_path, every=1e9)
    assert f"belongs to another training ({named} differ) and is not used" in capfd.readouterr().err
    assert contents(tmp_path) == whole


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data[:3000] + bytes([data[3000] ^ 1]) + data[3001:],
        lambda data: b"\x80\x04cos\nsystem\n(S'touch executed'\ntR.",
    ],
)
def test_damaged_checkpoint_is_not_used(tables, whole, tmp_path, capfd, damage):
    path = stop_after(tables, tmp_path, 3)
    path.write_bytes(damage(path.read_bytes()))
    train(tables, tmp_path, every=1e9)
    assert f"checkpoint {path} is damaged and is not used" in capfd.readouterr().err
    assert contents(tmp_path) == whole


def test_loading_a_checkpoint_executes_nothing(tables, tmp_path, capfd):
    """Even one whose checksum is right."""

    class Harm:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "executed"),))

    path = checkpoint_path(tmp_path / "model.safetensors")
    torch.save({"fingerprint": Harm(), "state": {}}, path)
    data = path.read_bytes()
    path.write_bytes(hashlib.sha256(data).digest() + data)
    train(tables, tmp_path, every=1e9)
    assert f"checkpoint {path} is damaged and is not used" in capfd.readouterr().err
    assert not (tmp_path / "executed").exists()


def test_models_of_one_folder_keep_their_own_checkpoints(tmp_path):
    names = ("a.safetensors", "b.safetensors", "a.other", "a")
    assert len({checkpoint_path(tmp_path / name) for name in names}) == len(names)


def test_short_training_writes_no_checkpoint(tables, tmp_path, monkeypatch):
    monkeypatch.setattr("bioseqrnn.fitting.session.write_checkpoint", None)
    train(tables, tmp_path, every=60.0)


def test_training_goes_on_where_no_checkpoint_can_be_written(
    tables, whole, tmp_path, monkeypatch, capfd
):
    def full(path):
        raise OSError(f"{path}: not written: no space left on device")

    monkeypatch.setattr("bioseqrnn.fitting.checkpoint.atomic_path", full)
    train(tables, tmp_path)
    assert "no space left on device; training continues without a checkpoint" in (
        capfd.readouterr().err
    )
    assert contents(tmp_path) == whole


def test_names_of_what_differs():
    one = {"a": 1, "config": {"x": 1, "y": 2}, "only": 0}
    assert different(one, {"a": 2, "config": {"x": 1, "y": 3}}) == ["a", "y", "only"]
    assert different(one, one) == []


def test_random_numbers_are_those_of_the_uninterrupted_run(tables, tmp_path):
    """Dropout decides something here: the tests above would see it lost."""
    train(tables, tmp_path / "a")
    train(tables, tmp_path / "b", dropout=0.0)
    weights = [contents(tmp_path / name)["model.safetensors"] for name in "ab"]
    assert not np.array_equal(*(np.frombuffer(w[-400:], np.float32) for w in weights))
