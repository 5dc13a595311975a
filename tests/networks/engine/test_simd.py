"""Vectors against single numbers, and products against NumPy's."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bioseqrnn.networks.engine.products import add_product, panel_width, panels
from bioseqrnn.networks.engine.simd import VECTOR_BYTES, lanes, load, store
from bioseqrnn.networks.engine.squashing import clamp, sigmoid, tanh

DTYPES = [np.float32, np.float64]
dtypes = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)


# not ``compiled``: machine code on disk would not know of changes in the package's files
@numba.njit
def every(numbers, out):
    """Rows of out: tanh, sigmoid, clamped to 2, 3 x - x / 2 + 1, x x."""
    for j in range(0, len(numbers), lanes(numbers)):
        x = load(numbers, j)
        store(out[0], j, tanh(x))
        store(out[1], j, sigmoid(x))
        store(out[2], j, clamp(x, 2.0))
        store(out[3], j, 3.0 * x - x / 2.0 + 1.0)
        store(out[4], j, x * x)


def vectors(numbers):
    """What the kernel makes of any number of numbers."""
    width = VECTOR_BYTES // numbers.itemsize
    filled = np.zeros(-(-len(numbers) // width) * width, numbers.dtype)
    filled[: len(numbers)] = numbers
    out = np.empty((5, len(filled)), numbers.dtype)
    every(filled, out)
    return out[:, : len(numbers)]


def grid(dtype):
    """Numbers of all magnitudes, and all that is special."""
    sizes = np.concatenate([np.logspace(-45, 38, 4000), np.linspace(0, 25, 50_001)])
    special = [0.0, np.inf, np.finfo(dtype).tiny, np.finfo(dtype).max]
    with np.errstate(under="ignore"):
        half = np.concatenate([special, sizes]).astype(dtype)
    return np.concatenate([half, -half[::-1]])


@dtypes
def test_squashing_functions(dtype):
    numbers = grid(dtype)
    tanhs, sigmoids, *_ = vectors(numbers)
    exact = numbers.astype(np.float64)
    # as documented for float32; a few of the last digit for float64
    bound = 4e-7 if dtype == np.float32 else 1e-15
    assert np.abs(tanhs - np.tanh(exact)).max() <= bound
    with np.errstate(over="ignore"):
        assert np.abs(sigmoids - 1 / (1 + np.exp(-exact))).max() <= bound
    assert (np.abs(tanhs) <= 1).all()
    assert ((sigmoids >= 0) & (sigmoids <= 1)).all()
    # odd, to the last bit
    assert (tanhs == -tanhs[::-1]).all()
    if dtype == np.float32:
        small = np.abs(exact) < 1e-3
        small &= np.abs(exact) > 1e-30
        np.testing.assert_allclose(tanhs[small], np.tanh(exact[small]), rtol=1e-6)
    else:
        assert all(
            found == pytest.approx(math.tanh(number), rel=1e-15)
            for found, number in zip(tanhs[::100], exact[::100], strict=True)
        )


@dtypes
def test_nan_goes_through_everything(dtype):
    numbers = np.array([np.nan, 1, -np.nan, 5], dtype)
    out = vectors(numbers)
    assert (np.isnan(out) == np.isnan(numbers)).all()


@dtypes
@given(data=st.data())
def test_operations(dtype, data):
    numbers = data.draw(arrays(dtype, st.integers(1, 40), elements=st.floats(-1e6, 1e6, width=32)))
    _, _, clamped, line, squares = vectors(numbers)
    assert (clamped == np.clip(numbers, -2, 2)).all()
    assert (squares == numbers * numbers).all()
    # multiplications and additions may be fused
    np.testing.assert_allclose(line, 2.5 * numbers + 1, rtol=4 * np.finfo(dtype).eps, atol=1e-6)


@dtypes
@given(data=st.data())
def test_products(dtype, data):
    """C = begin + A B, of any rows and depth; B in panels or in rows."""
    lane = VECTOR_BYTES // np.dtype(dtype).itemsize
    rows, depth = data.draw(st.integers(0, 40)), data.draw(st.integers(0, 30))
    columns = lane * data.draw(st.integers(1, 9))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    # small integers, so that sums are exact in any order
    a, b, begin = (
        rng.integers(-9, 10, shape).astype(dtype)
        for shape in ((rows, depth), (depth, columns), (rows + 2, columns))
    )
    # each row of C begins with another row, or all with the same
    first, step = data.draw(st.integers(0, 2)), data.draw(st.integers(0, 1))
    expected = begin[first + step * np.arange(rows)] + a @ b
    transposed = data.draw(st.booleans())
    flat_a = np.append(np.ascontiguousarray(a.T if transposed else a), 0).astype(dtype)
    steps = (1, rows) if transposed else (depth, 1)
    in_panels = data.draw(st.booleans())
    width = panel_width(np.dtype(dtype))
    flat_b = panels(b) if in_panels else b.reshape(-1)
    # rows beyond, and a row's columns beyond, are not written
    c = np.full((rows + 1, columns + lane), 99, dtype)
    add_product(
        begin.reshape(-1), first * columns, step * columns,
        flat_a, 0, *steps,
        np.append(flat_b, np.zeros(1, dtype)), 0,
        *((width, depth * width) if in_panels else (columns, width)),
        c.reshape(-1), 0, columns + lane, rows, columns, depth,
    )  # fmt: skip
    assert (c[:rows, :columns] == expected).all()
    assert (c[rows:] == 99).all()
    assert (c[:, columns:] == 99).all()


@dtypes
@given(rows=st.integers(2, 20), depth=st.integers(1, 50), seed=st.integers(0, 1000))
def test_a_row_of_a_product_does_not_depend_on_the_others(dtype, rows, depth, seed):
    rng = np.random.default_rng(seed)
    lane = VECTOR_BYTES // np.dtype(dtype).itemsize
    columns, width = 3 * lane, panel_width(np.dtype(dtype))
    a = rng.normal(size=(rows, depth)).astype(dtype)
    b = panels(rng.normal(size=(depth, columns)).astype(dtype))
    begin = rng.normal(size=columns).astype(dtype)

    def product(first, count):
        c = np.empty(count * columns, dtype)
        add_product(
            begin, 0, 0, a.reshape(-1), first * depth, depth, 1,
            b, 0, width, depth * width, c, 0, columns, count, columns, depth,
        )  # fmt: skip
        return c.reshape(count, columns)

    together = product(0, rows)
    for row in range(rows):
        assert product(row, 1).tobytes() == together[row].tobytes()
