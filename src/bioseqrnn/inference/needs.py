"""What a long sequence takes of memory, and a refusal before it is taken."""

from __future__ import annotations

from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.memory import GIGABYTE, free_memory

FLOAT = 4
# As many single-precision numbers for every feature: measured on CPUs, rounded up (one-hot columns
# are copied once; the stem holds its convolution, and what is cut from it, several times)
INPUT_COPIES, STEM_COPIES, STATE_COPIES = 2, 5, 2


def bytes_per_residue(network: SequenceClassifier) -> int:
    """About how much the scores of one sequence take while they are computed, a residue.

    Of a network that reads a whole sequence at once; one per position cuts it into windows.
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
        # of the other strand, input and stem are held beside them
        numbers += INPUT_COPIES * symbols + STEM_COPIES / 2 * features
    return round(FLOAT * numbers)


def require_memory(network: SequenceClassifier, residues: int, what: str, times: float = 1) -> None:
    """Raise InputError where a sequence of so many ``residues`` does not fit in free memory.

    Parameters
    ----------
    what : str
        The sequence in the message.
    times : float
        How many times as much as scores are taken.
    """
    free = free_memory()
    needed = bytes_per_residue(network) * residues * times
    if free is None or needed <= free:
        return
    raise InputError(
        f"{what} has {residues:,} residues, which take about {needed / GIGABYTE:.1f} GB of memory "
        f"at once, and {free / GIGABYTE:.1f} GB are free; cut it into shorter ones, which may "
        "overlap, or run where there is more memory"
    )
