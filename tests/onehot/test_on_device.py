from __future__ import annotations

import numpy as np
import pytest
import torch

from bioseqrnn.inference.windows import overlapping
from bioseqrnn.onehot.alphabet import ALPHABETS
from bioseqrnn.onehot.on_device import dense_on, padded_rows, unpack_bits
from bioseqrnn.onehot.packing import Packed, pack_lines, unpack

LETTERS = {"dna": "ACGTNRYacgtn", "protein": "ACDEFGHIKLMNPQRSTVWYBZXacd"}


def some(alphabet, count=40, longest=37):
    """Random sequences with ambiguity codes; one is empty of a pair, one is as long as can be."""
    rng = np.random.default_rng(3)
    lengths = [1, longest, 2, 3, *rng.integers(1, longest, count)]
    lines = ["".join(rng.choice(list(LETTERS[alphabet.name]), n)) for n in lengths]
    packed, _ = pack_lines("".join(f"{line}\n" for line in lines).encode(), len(lines), alphabet)
    return packed


@pytest.mark.parametrize("name", LETTERS)
def test_bits_become_what_the_processor_unpacks(name):
    alphabet = ALPHABETS[name]
    packed = some(alphabet)
    indices = np.random.default_rng(4).permutation(len(packed))[:20]
    expected, lengths = unpack(packed, indices, alphabet)
    rows, same = padded_rows(packed, indices, alphabet)
    np.testing.assert_array_equal(same, lengths)
    got = unpack_bits(torch.from_numpy(rows), int(lengths.max()), alphabet.width)
    np.testing.assert_array_equal(got.numpy(), expected)


@pytest.mark.parametrize("name", LETTERS)
def test_windows_of_longer_sequences(name):
    """Some end within a byte that also holds the next residue."""
    alphabet = ALPHABETS[name]
    packed = some(alphabet)
    windows = overlapping(packed.lengths, 8, 3)
    cut = Packed(
        packed.data,
        np.append(packed.offsets[windows.records] + windows.starts * alphabet.width // 8, 0),
        np.maximum(1, windows.lengths - windows.lengths % 2 - 1),
    )
    indices = np.arange(len(windows))
    expected, lengths = unpack(cut, indices, alphabet)
    rows, _ = padded_rows(cut, indices, alphabet)
    got = unpack_bits(torch.from_numpy(rows), int(lengths.max()), alphabet.width)
    np.testing.assert_array_equal(got.numpy(), expected)


def test_no_sequences():
    alphabet = ALPHABETS["dna"]
    packed = some(alphabet)
    onehot, lengths = dense_on(packed, np.arange(0), alphabet, torch.device("cpu"))
    assert onehot.shape == (0, 0, 4)
    assert len(lengths) == 0
    rows, _ = padded_rows(packed, np.arange(0), alphabet)
    assert unpack_bits(torch.from_numpy(rows), 0, 4).shape == (0, 0, 4)
