"""The equations of the cells, one loop a step: what matrix products gave, to gates and states.

A row is a sequence. What is kept of a step stands side by side, each ``hidden`` numbers (a multiple
of a vector's lanes), the new state last:

====  ==========================================================================
RNN   h_t
GRU   U_n h + c_n, r, z, n, h_t: first what the reset gate multiplies
LSTM  i, f, g, o, c_t, h_t
====  ==========================================================================

Before the loop the sums of a gate stand in its place. The columns that the hidden state feeds, and
those that the input feeds, are one range each; the backward loops write gradients of the same sums.
"""

from __future__ import annotations

from typing import NamedTuple

from bioseqrnn.networks.engine.simd import lanes, load, positive, sigmoid, store, tanh, zeros
from bioseqrnn.support.arrays import Ints, Numbers
from bioseqrnn.support.compiled import compiled

TANH, RELU, GRU, LSTM = 0, 1, 2, 3


class Columns(NamedTuple):
    """Columns of a cell, in units of ``hidden``.

    Attributes
    ----------
    kept : int
        Of a step; the last one is h_t.
    sums : int
        Of which gradients are taken.
    hidden : int
        The first so many are fed by the hidden state.
    input : int
        Fed by the input: so many, from ``input_from``.
    input_from : int
    order : tuple of int
        Where ``torch.nn`` has the gates that the hidden state feeds.
    """

    kept: int
    sums: int
    hidden: int
    input: int
    input_from: int
    order: tuple[int, ...]


COLUMNS = {
    TANH: Columns(1, 1, 1, 1, 0, (0,)),
    RELU: Columns(1, 1, 1, 1, 0, (0,)),
    GRU: Columns(5, 4, 3, 3, 1, (2, 0, 1)),
    LSTM: Columns(6, 4, 4, 4, 0, (0, 1, 2, 3)),
}


@compiled
def forward_gates(
    cell: int, kept: Numbers, k0: int, width: int, candidates: Numbers, starts: Ints,
    h: Numbers, c: Numbers, rows: int, hidden: int,
) -> None:  # fmt: skip
    """Turn sums into gates, and the states h (and c) [rows, hidden] into those a step on.

    ``kept`` holds a row's columns from ``k0 + row * width``. W_n x + b_n of the GRU, to which no
    product with the hidden state is added, is read from ``candidates[starts[row] + 3 * hidden:]``.
    """
    if cell == GRU:
        _gru_forward(kept, k0, width, candidates, starts, h, rows, hidden)
    elif cell == LSTM:
        _lstm_forward(kept, k0, width, h, c, rows, hidden)
    else:
        _rnn_forward(cell == RELU, kept, k0, width, h, rows, hidden)


@compiled
def _rnn_forward(
    relu: bool, kept: Numbers, k0: int, width: int, h: Numbers, rows: int, hidden: int
) -> None:
    for row in range(rows):
        at = k0 + row * width
        for j in range(0, hidden, lanes(kept)):
            a = load(kept, at + j)
            new = positive(a, a) if relu else tanh(a)
            store(kept, at + j, new)
            store(h, row * hidden + j, new)


@compiled
def _gru_forward(
    kept: Numbers, k0: int, width: int, candidates: Numbers, starts: Ints,
    h: Numbers, rows: int, hidden: int,
) -> None:  # fmt: skip
    for row in range(rows):
        at, candidate = k0 + row * width, starts[row] + 3 * hidden
        for j in range(0, hidden, lanes(kept)):
            r = sigmoid(load(kept, at + hidden + j))
            z = sigmoid(load(kept, at + 2 * hidden + j))
            n = tanh(load(candidates, candidate + j) + r * load(kept, at + j))
            new = n + z * (load(h, row * hidden + j) - n)
            store(kept, at + hidden + j, r)
            store(kept, at + 2 * hidden + j, z)
            store(kept, at + 3 * hidden + j, n)
            store(kept, at + 4 * hidden + j, new)
            store(h, row * hidden + j, new)


@compiled
def _lstm_forward(
    kept: Numbers, k0: int, width: int, h: Numbers, c: Numbers, rows: int, hidden: int
) -> None:
    for row in range(rows):
        at = k0 + row * width
        for j in range(0, hidden, lanes(kept)):
            i = sigmoid(load(kept, at + j))
            f = sigmoid(load(kept, at + hidden + j))
            g = tanh(load(kept, at + 2 * hidden + j))
            o = sigmoid(load(kept, at + 3 * hidden + j))
            cell = f * load(c, row * hidden + j) + i * g
            new = o * tanh(cell)
            store(kept, at + j, i)
            store(kept, at + hidden + j, f)
            store(kept, at + 2 * hidden + j, g)
            store(kept, at + 3 * hidden + j, o)
            store(kept, at + 4 * hidden + j, cell)
            store(kept, at + 5 * hidden + j, new)
            store(c, row * hidden + j, cell)
            store(h, row * hidden + j, new)


@compiled
def backward_gates(
    cell: int,
    kept: Numbers, k0: int, before: int, width: int,
    dh: Numbers, dc: Numbers,
    sums: Numbers, d0: int, swidth: int,
    rows: int, hidden: int,
) -> None:  # fmt: skip
    """Write the gradients of the sums; turn dh (and dc) into what goes back past the products.

    ``kept`` holds a row's columns from ``k0 + row * width``, and those of the step before from
    ``before + row * width``, which is negative where there is none.
    """
    if cell == GRU:
        _gru_backward(kept, k0, before, width, dh, sums, d0, swidth, rows, hidden)
    elif cell == LSTM:
        _lstm_backward(kept, k0, before, width, dh, dc, sums, d0, swidth, rows, hidden)
    else:
        _rnn_backward(cell == RELU, kept, k0, width, dh, sums, d0, swidth, rows, hidden)


@compiled
def _rnn_backward(
    relu: bool, kept: Numbers, k0: int, width: int,
    dh: Numbers, sums: Numbers, d0: int, swidth: int, rows: int, hidden: int,
) -> None:  # fmt: skip
    for row in range(rows):
        at, out = k0 + row * width, d0 + row * swidth
        for j in range(0, hidden, lanes(kept)):
            h, d = load(kept, at + j), load(dh, row * hidden + j)
            store(sums, out + j, positive(d, h) if relu else d - d * h * h)
            store(dh, row * hidden + j, zeros(dh))


@compiled
def _gru_backward(
    kept: Numbers, k0: int, before: int, width: int,
    dh: Numbers, sums: Numbers, d0: int, swidth: int, rows: int, hidden: int,
) -> None:  # fmt: skip
    for row in range(rows):
        at, out, last = k0 + row * width, d0 + row * swidth, before + row * width + 4 * hidden
        for j in range(0, hidden, lanes(kept)):
            r = load(kept, at + hidden + j)
            z = load(kept, at + 2 * hidden + j)
            n = load(kept, at + 3 * hidden + j)
            h = load(kept, last + j) if before >= 0 else zeros(kept)
            d = load(dh, row * hidden + j)
            past = d * z
            dn = (d - past) * (1.0 - n * n)
            reset = dn * r
            store(sums, out + j, reset)
            store(sums, out + hidden + j, load(kept, at + j) * (reset - reset * r))
            store(sums, out + 2 * hidden + j, (h - n) * (past - past * z))
            store(sums, out + 3 * hidden + j, dn)
            store(dh, row * hidden + j, past)


@compiled
def _lstm_backward(
    kept: Numbers, k0: int, before: int, width: int,
    dh: Numbers, dc: Numbers, sums: Numbers, d0: int, swidth: int, rows: int, hidden: int,
) -> None:  # fmt: skip
    for row in range(rows):
        at, out, last = k0 + row * width, d0 + row * swidth, before + row * width + 4 * hidden
        for j in range(0, hidden, lanes(kept)):
            i = load(kept, at + j)
            f = load(kept, at + hidden + j)
            g = load(kept, at + 2 * hidden + j)
            o = load(kept, at + 3 * hidden + j)
            squashed = tanh(load(kept, at + 4 * hidden + j))
            c = load(kept, last + j) if before >= 0 else zeros(kept)
            opened = load(dh, row * hidden + j) * o
            d = load(dc, row * hidden + j) + opened * (1.0 - squashed * squashed)
            do = opened * squashed
            di, df = d * g * i, d * c * f
            store(sums, out + j, di - di * i)
            store(sums, out + hidden + j, df - df * f)
            store(sums, out + 2 * hidden + j, d * i * (1.0 - g * g))
            store(sums, out + 3 * hidden + j, do - do * o)
            store(dc, row * hidden + j, d * f)
            store(dh, row * hidden + j, zeros(dh))
