"""What a network keeps in memory along one record: states and gates of each step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.direction import Direction
from bioseqrnn.support.arrays import Doubles, Floats

FORWARD, REVERSE = "forward", "reverse"
# the states of a cell with one and with two of them
STATES = {1: ("h",), 2: ("h", "c")}


@dataclass(frozen=True)
class Trace:
    """One layer and direction along a record.

    Attributes
    ----------
    layer : int
        From 1.
    direction : {"forward", "reverse"}
    gates, states : dict of str to float64 [steps, hidden]
        By name: gates of each step, and states after it. Steps are in the order of the record in
        both directions.
    """

    layer: int
    direction: str
    gates: dict[str, Doubles]
    states: dict[str, Doubles]


def residues_per_step(network: SequenceClassifier) -> int:
    """Residues that the recurrence reads together."""
    return network.fold.residues * (1 if network.stem is None else network.stem.pool)


@torch.no_grad()
def traces(network: SequenceClassifier, x: Floats) -> list[Trace]:
    """Run a network along one record, in double precision.

    Parameters
    ----------
    network : SequenceClassifier
        On the CPU, in double precision and evaluation mode. Of an ensemble the first member is
        run, and of a network that reads both strands the given strand.
    x : float32 [residues, symbols]

    Returns
    -------
    list of Trace
        Layer by layer, forward before reverse.
    """
    batch = torch.from_numpy(x[None]).double()
    inputs = network.recurrent_input(batch, torch.tensor([len(x)]))[0][0].numpy()
    recurrent = network.recurrent
    weights = {name: value.numpy() for name, value in recurrent.state_dict().items()}
    ways = (FORWARD, REVERSE) if recurrent.bidirectional else (FORWARD,)
    found: list[Trace] = []
    for layer in range(recurrent.num_layers):
        own = [
            _trace(Direction(recurrent.cell, weights, layer, reverse=way == REVERSE), inputs, layer)
            for way in ways
        ]
        found += own
        inputs = np.concatenate([trace.states["h"] for trace in own], axis=1)
    return found


def _trace(direction: Direction, inputs: Doubles, layer: int) -> Trace:
    cell, read = direction.cell, direction.read(inputs)
    hidden = cell.recurrent.shape[1]
    state = np.zeros((1, cell.states * hidden))
    gates: list[dict[str, Doubles]] = []
    states: list[Doubles] = []
    for x in read[::-1] if direction.reverse else read:
        gates.append(cell.gates(x[None], state))
        state = cell.step(x[None], state)[0]
        states.append(state[0])
    if direction.reverse:
        gates.reverse()
        states.reverse()
    parts = np.split(np.stack(states), cell.states, axis=1)
    return Trace(
        layer + 1,
        REVERSE if direction.reverse else FORWARD,
        {name: np.concatenate([step[name] for step in gates]) for name in gates[0]},
        dict(zip(STATES[cell.states], parts, strict=True)),
    )
