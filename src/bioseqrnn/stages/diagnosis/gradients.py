"""The gradient through time ∂h_T/∂s_{T-k}, by the chain rule from the exact steps between.

T is the last step of a direction (on the last residue of a record, or in reverse on its first), s
the state, and h the part of the state that is the output. By the chain rule

    J_k = ∂h_T/∂s_{T-k} = ∂h_T/∂s_T · ∂s_T/∂s_{T-1} · … · ∂s_{T-k+1}/∂s_{T-k}

and its spectral norm is the largest change of h_T caused by a unit change of the state k steps
back. If it is near 0, h_T does not depend on what was read there, and cannot learn to: the gradient
of any loss on h_T is a row vector times J_k (Bengio et al., 1994; Pascanu et al., 2013). For the
LSTM, s is (h, c), because c keeps what was read k steps back: ∂h_T/∂h_{T-k} with c held constant
would leave out the path that was designed for long memory (Hochreiter and Schmidhuber, 1997). The
input of a layer from the layers below does not depend on its own past, so its J_k depends only on
its own recurrence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from bioseqrnn.networks.cells.cell import Derivative, Local
from bioseqrnn.networks.direction import Direction
from bioseqrnn.support.arrays import Doubles, Ints

# values in the products of one chunk of records; the gates need three times as much in addition
CHUNK_VALUES = 2**22
# e to this power still fits in a double
LARGEST_LOG = 700.0


def aligned(length: int, lengths: Ints, reverse: bool) -> Ints:
    """Positions in the order of reading in one direction, so that all records end together.

    Returns
    -------
    int64 [n, length]
        Position that is read in each record at each step; -1 before the first one.
    """
    step = np.arange(length)
    if reverse:
        position = np.broadcast_to(length - 1 - step, (len(lengths), length))
    else:
        position = step - (length - lengths[:, None])
    return np.where(step >= length - lengths[:, None], position, -1)


def run(direction: Direction, x: Doubles, lengths: Ints, kept: int) -> tuple[Doubles, list[Local]]:
    """Run one direction of a layer.

    Parameters
    ----------
    direction : Direction
    x : float64 [n, time, input]
    lengths : int64 [n]
        1 to time.
    kept : int
        Number of last steps whose derivatives are kept.

    Returns
    -------
    output : float64 [n, time, hidden]
        Zero past the end of a record.
    locals : list
        Input of ``Cell.back`` for each of the last ``kept`` steps, last step first.
    """
    cell = direction.cell
    hidden = cell.recurrent.shape[1]
    records = np.arange(len(x))
    position = aligned(x.shape[1], lengths, direction.reverse)
    state = np.zeros((len(x), cell.states * hidden))
    output = np.zeros((len(x), x.shape[1], hidden))
    locals_: list[Local] = []
    for step in range(x.shape[1]):
        at = position[:, step]
        new, local = cell.step(direction.read(x[records, at]), state)
        begun = at >= 0
        state = np.where(begun[:, None], new, state)
        output[records[begun], at[begun]] = state[begun, :hidden]
        if step >= x.shape[1] - kept:
            locals_.append(local)
    return output, locals_[::-1]


def jacobians(
    cell: Derivative, locals_: list[Local], lengths: Ints
) -> Iterator[tuple[Doubles, Doubles]]:
    """Yield J_k for k = 0, 1, … up to the number of ``locals_``.

    Yields
    ------
    scaled : float64 [n, hidden, states * hidden]
        J_k divided by its largest entry, so that no product under- or overflows; zero if the record
        had not begun k steps back, that is, for k at or above its length.
    log_scale : float64 [n]
        Natural logarithm of that entry.
    """
    hidden = cell.recurrent.shape[1]
    rows = np.tile(np.eye(hidden, cell.states * hidden), (len(lengths), 1, 1))
    log_scale = np.zeros(len(lengths))
    yield rows, log_scale
    for k, local in enumerate(locals_, start=1):
        rows = cell.back(rows, local)
        rows[lengths <= k] = 0
        largest = np.abs(rows).max(axis=(1, 2))
        largest[largest == 0] = 1
        rows /= largest[:, None, None]
        log_scale = log_scale + np.log(largest)
        yield rows, log_scale


def spectral_norms(matrices: Doubles) -> Doubles:
    """Largest singular value of each matrix in [n, a, b], a ≤ b, from the a × a Gram matrix."""
    gram = matrices @ matrices.transpose(0, 2, 1)
    largest = np.asarray(np.linalg.eigvalsh(gram)[:, -1], np.float64)
    return np.sqrt(np.maximum(largest, 0))


def largest_singular(weights: Mapping[str, npt.ArrayLike], layer: int, direction: str) -> float:
    """Largest singular value of W_hh of a layer (from 1) and direction."""
    suffix = f"_l{layer - 1}{'_reverse' if direction == 'reverse' else ''}"
    return float(np.linalg.norm(np.asarray(weights[f"weight_hh{suffix}"], np.float64), 2))


def _norms_and_output(
    direction: Direction, x: Doubles, lengths: Ints, longest: int
) -> tuple[Doubles, Doubles]:
    steps = min(longest, int(lengths.max()) - 1)
    output, locals_ = run(direction, x, lengths, steps)
    norms = np.full((len(x), longest + 1), np.nan)
    for k, (scaled, log_scale) in enumerate(jacobians(direction.cell, locals_, lengths)):
        reached = lengths > k
        scale = np.exp(np.minimum(log_scale[reached], LARGEST_LOG))
        norms[reached, k] = spectral_norms(scaled[reached]) * scale
    return norms, output


def gradient_norms(
    kind: str,
    weights: Mapping[str, npt.ArrayLike],
    x: Doubles,
    lengths: Ints,
    longest: int,
) -> dict[tuple[int, str], Doubles]:
    """Spectral norm of ∂h_T/∂s_{T-k} of every layer, direction, record and k.

    Parameters
    ----------
    kind : {"rnn", "gru", "lstm"}
    weights : mapping of str to array
        State dict of the recurrent module, as in ``torch.nn``.
    x : float64 [n, time, input]
        Input of its first layer.
    lengths : int64 [n]
        1 to time.
    longest : int
        Largest k.

    Returns
    -------
    dict of (layer from 1, "forward" or "reverse") to float64 [n, longest + 1]
        Column k is the norm k steps back; NaN if the record has at most k residues. Column 0 is 1.
    """
    layers = sum(name.startswith("weight_hh") and "reverse" not in name for name in weights)
    directions = ("forward", "reverse") if "weight_hh_l0_reverse" in weights else ("forward",)
    hidden = np.shape(weights["weight_hh_l0"])[1]
    chunk = max(1, CHUNK_VALUES // (4 * hidden**2))
    parts: dict[tuple[int, str], list[Doubles]] = {}
    for start in range(0, len(x), chunk):
        inputs, ends = x[start : start + chunk], lengths[start : start + chunk]
        for layer in range(layers):
            outputs = []
            for name in directions:
                direction = Direction(kind, weights, layer, reverse=name == "reverse")
                norms, output = _norms_and_output(direction, inputs, ends, longest)
                parts.setdefault((layer + 1, name), []).append(norms)
                outputs.append(output)
            inputs = np.concatenate(outputs, axis=2)
    return {key: np.concatenate(norms) for key, norms in parts.items()}
