from __future__ import annotations

import os
import signal

import numpy as np
import pytest
import torch

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fitting.begin import begin_training
from bioseqrnn.fitting.loop import train_network
from bioseqrnn.fitting.session import Session
from bioseqrnn.fitting.state import DivergenceError
from bioseqrnn.inference.processes import Processes
from bioseqrnn.support.errors import InputError, TrainingStopped

CPU = torch.device("cpu")
# nothing but the rate makes it overflow: no dropout, no mutation, labels as they are
SMALL = {
    "cell": "gru", "hidden_size": 8, "stem_filters": 8, "positions": 0, "epochs": 3, "dropout": 0.0,
    "schedule": "constant", "weight_decay": 0.0, "mutation": 0.0, "label_smoothing": 0.0,
}  # fmt: skip


def train(table, learning_rate, session=None, validation=True, **changes):
    order = np.random.default_rng(1).permutation(len(table))
    config = ModelConfig(**SMALL | {"learning_rate": learning_rate} | changes)
    return train_network(
        table,
        order[:200],
        order[200:260] if validation else order[:0],
        config,
        seed=1,
        processes=Processes(CPU),
        session=session,
    )


def overflowing(table, **changes):
    """The least of some huge rates at which float32 overflows, and what came of it."""
    for power in range(117, 125):
        trained = train(table, 2.0**power, **changes)
        if trained.history["halvings"].any():
            return 2.0**power, trained
    raise AssertionError("nothing overflowed")


@pytest.mark.parametrize("schedule", ["constant", "one_cycle"])
@pytest.mark.parametrize("validation", [True, False])
def test_divergence_is_what_a_lower_rate_would_have_been(acp, capfd, schedule, validation):
    """Halving is exact in binary, and nothing else is left of the epoch that failed."""
    rate, trained = overflowing(acp, schedule=schedule, validation=validation)
    log = capfd.readouterr().err
    assert "is inf; training restarts epoch 1 at half the learning rate (1 of 3)" in log
    halvings = trained.history.pop("halvings")
    assert halvings.iloc[0] == halvings.iloc[-1] > 0
    lower = train(acp, rate / 2 ** halvings.iloc[0], schedule=schedule, validation=validation)
    assert not lower.history.pop("halvings").any()
    assert trained.history.equals(lower.history)
    assert trained.history["learning_rate"].max() <= rate / 2
    for name, weight in trained.network.state_dict().items():
        assert torch.equal(weight, lower.network.state_dict()[name])
        assert weight.isfinite().all()


def test_divergence_again_and_again_is_one_clear_line(acp, capfd):
    with pytest.raises(InputError) as error:
        train(acp, 3e37)
    assert str(error.value).endswith(
        "although the learning rate was halved 3 times; set a lower learning_rate"
    )
    assert capfd.readouterr().err.count("at half the learning rate") == 3


def test_halved_rate_survives_an_interruption(acp, tmp_path, capfd):
    rate, whole = overflowing(acp)
    tick = Session.tick

    def stopping(session):
        if session._state.halvings and session._state.batch == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        tick(session)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "tick", stopping)
        with pytest.raises(TrainingStopped, match="after epoch 0 and 2 batches"):  # noqa: SIM117
            with Session(tmp_path / "m", 1e9) as session:
                train(acp, rate, session)
    capfd.readouterr()
    with Session(tmp_path / "m", 1e9) as session:
        again = train(acp, rate, session)
    assert "resumes after epoch 0 and 2 batches" in capfd.readouterr().err
    assert again.history.equals(whole.history)


def test_start_that_was_bad_already_is_not_returned_to(acp):
    """The last step of an epoch can ruin the weights; it shows with the first batch after it."""
    config = ModelConfig(**SMALL)
    state = begin_training(
        config, acp, np.arange(200), seed=1, processes=Processes(CPU), what="train"
    )

    def epoch(rate):
        start = state.begins()
        draw = state.deal().random()
        if rate is not None:
            state.begun_well(start)
            with torch.no_grad():
                state.network.head.weight += rate
            state.count(1.0, 2.0, 1.0)
            state.end_epoch({"epoch": state.epoch})
        return draw

    draws = [epoch(1.0), epoch(1e30)]
    # no batch of the third epoch went well
    epoch(None)
    before = state.network.head.weight.detach().clone()
    state.go_back(DivergenceError("the loss is nan"))
    assert state.epoch == 2
    assert state.batch == 0
    assert before.abs().min() > 1e29
    assert state.network.head.weight.abs().max() < 3
    assert state.learning_rate == config.learning_rate / 2
    assert state.deal().random() == draws[1] != draws[0]


def test_start_to_go_back_to_is_in_the_checkpoint(acp):
    """A resumed epoch that fails returns to where it began before the interruption."""

    def begin(seed):
        return begin_training(
            ModelConfig(**SMALL), acp, np.arange(200), seed=seed, processes=Processes(CPU), what="m"
        )

    state = begin(1)
    with torch.no_grad():
        state.network.head.weight.fill_(5.0)
    state.begun_well(state.begins())
    with torch.no_grad():
        state.network.head.weight.fill_(7.0)
    state.count(1.0, 2.0, 1.0)
    resumed = begin(2)
    resumed.load_state_dict(state.state_dict())
    assert (resumed.network.head.weight == 7.0).all()
    assert resumed.batch == 1
    resumed.go_back(DivergenceError("the loss is nan"))
    assert (resumed.network.head.weight == 5.0).all()
    assert resumed.batch == 0
