"""The memory that a long sequence needs, and the error if there is too little."""

from __future__ import annotations

from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.memory import GIGABYTE, free_memory

FLOAT = 4
# Single-precision numbers held per feature, measured on CPUs and rounded up. One-hot columns are
# copied once; the stem holds several copies of its convolution.
INPUT_COPIES, STEM_COPIES, STATE_COPIES = 2, 5, 2


def bytes_per_residue(network: SequenceClassifier) -> int:
    """Approximate memory per residue, in bytes, for computing the scores of one sequence.

    This holds for a network that reads a whole sequence at once; a network per position reads
    windows.
    """
    recurrent, stem = network.recurrent, network.stem
    pool = 1 if stem is None else stem.pool
    features = 0 if stem is None else stem.convolution.out_channels
    symbols = recurrent.input_size if stem is None else stem.convolution.in_channels
    width = recurrent.hidden_size * (2 if recurrent.bidirectional else 1)
    numbers: float = INPUT_COPIES * symbols
    numbers += max(STEM_COPIES * features, STATE_COPIES * recurrent.hidden_size / pool)
    numbers += min(recurrent.num_layers, 2) * width / pool
    if network.both_strands:
        # input and stem of the other strand are held at the same time
        numbers += INPUT_COPIES * symbols + STEM_COPIES / 2 * features
    return round(FLOAT * numbers)


def require_memory(network: SequenceClassifier, residues: int, what: str, times: float = 1) -> None:
    """Raise InputError if a sequence of this many ``residues`` does not fit in free memory.

    Parameters
    ----------
    what : str
        Name of the sequence in the message.
    times : float
        Factor by which more memory is needed than for scores.
    """
    free = free_memory()
    needed = bytes_per_residue(network) * residues * times
    if free is None or needed <= free:
        return
    raise InputError(
        f"{what} has {residues:,} residues, which need about {needed / GIGABYTE:.1f} GB of memory "
        f"at once, but only {free / GIGABYTE:.1f} GB are free; cut it into shorter sequences, "
        "which may overlap, or run on a machine with more memory"
    )
