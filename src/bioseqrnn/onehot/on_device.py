"""Decoding of packed sequences to dense arrays on the device that computes with them.

Packed bits are copied to a GPU, not dense rows: the float32 one-hot rows of DNA take 32 times as
many bytes, and writing them on one core takes longer than a GPU needs for the batch.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.onehot.packing import Packed, unpack
from bioseqrnn.support.arrays import Bytes, Ints
from bioseqrnn.support.compiled import compiled, frozen


def dense_on(
    packed: Packed, indices: Ints, alphabet: Alphabet, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Return the one-hot batch of some sequences, and their lengths.

    Parameters
    ----------
    packed : Packed
    indices : int64 [batch]
    alphabet : Alphabet
    device : torch.device

    Returns
    -------
    onehot : float32 Tensor [batch, longest, symbols]
        On the device; the same numbers as from ``packing.unpack``.
    lengths : int64 Tensor [batch]
        On the CPU, where recurrent layers need them.
    """
    if device.type == "cpu":
        onehot, lengths = unpack(packed, indices, alphabet)
        return torch.from_numpy(onehot), torch.from_numpy(lengths)
    rows, lengths = padded_rows(packed, indices, alphabet)
    bits = torch.from_numpy(rows).pin_memory().to(device, non_blocking=True)
    longest = int(lengths.max(initial=0))
    return unpack_bits(bits, longest, alphabet.width), torch.from_numpy(lengths)


def padded_rows(packed: Packed, indices: Ints, alphabet: Alphabet) -> tuple[Bytes, Ints]:
    """Packed bits of a batch, zero after the end of a sequence.

    Returns
    -------
    rows : uint8 [batch, bytes of the longest]
    lengths : int64 [batch]
        In residues.
    """
    indices = np.ascontiguousarray(indices, np.int64)
    lengths = packed.lengths[indices]
    sizes = (lengths * alphabet.width + 7) // 8
    rows = np.zeros((len(indices), int(sizes.max(initial=0))), np.uint8)
    _copy_rows(frozen(packed.data), packed.offsets[indices], lengths * alphabet.width, rows)
    return rows, lengths


def unpack_bits(rows: Tensor, longest: int, width: int) -> Tensor:
    """Unpack bits to one-hot rows, on the device of the bits.

    Parameters
    ----------
    rows : uint8 Tensor [batch, bytes]
    longest : int
        Residues of the longest sequence.
    width : int
        Number of symbols: bits per residue.

    Returns
    -------
    float32 Tensor [batch, longest, width]
        A row sums to 1 (an ambiguity code splits it equally), and to 0 after a sequence's end.
    """
    shifts = torch.arange(7, -1, -1, device=rows.device, dtype=torch.uint8)
    bits = (rows.unsqueeze(-1) >> shifts) & 1
    onehot = bits.flatten(1)[:, : longest * width].reshape(len(rows), longest, width).float()
    return onehot / onehot.sum(-1, keepdim=True).clamp(min=1)


@compiled
def _copy_rows(data: Bytes, starts: Ints, bits: Ints, rows: Bytes) -> None:
    """Copy stretches of bits that start at a byte; extra bits in their last byte are set to 0.

    A window of a longer sequence can end within a byte that it shares with the next residue.
    """
    for i in range(len(starts)):
        whole = bits[i] // 8
        for j in range(whole):
            rows[i, j] = data[starts[i] + j]
        rest = bits[i] - 8 * whole
        if rest:
            mask = np.uint8((0xFF << (8 - rest)) & 0xFF)
            rows[i, whole] = data[starts[i] + whole] & mask
