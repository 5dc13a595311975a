"""Processing of batches in parts, if they do not fit in the memory of a GPU."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError

# messages of CUDA libraries for lack of memory that PyTorch does not recognise as such
_SAID = ("unable to find an engine", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED")


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether the cause of an error was that a GPU had too little memory."""
    return isinstance(error, torch.OutOfMemoryError) or any(word in str(error) for word in _SAID)


class Memory:
    """Largest part of a batch that fits in memory, in padded positions (records × longest).

    The limit is learnt when memory runs out.

    Parameters
    ----------
    what : str
        Name in the log.
    positions : int, optional
        None: no limit has been met so far.
    """

    def __init__(self, what: str, positions: int | None = None) -> None:
        self.what, self.positions = what, positions

    def _size(self, records: int, longest: int) -> int:
        if self.positions is not None:
            records = min(records, self.positions // max(1, longest))
        return max(1, records)

    def parts(self, records: int, longest: int) -> Iterator[slice]:
        """Yield slices of a batch of ``records`` that should fit; none if the batch is empty."""
        size = self._size(records, longest)
        for start in range(0, records, size):
            yield slice(start, min(start + size, records))

    def halve(self, records: int, longest: int) -> None:
        """Set the limit to half of what did not fit; InputError if that was a single record.

        Do not call this while the error is being handled: its traceback keeps the tensors in
        memory.
        """
        size = self._size(records, longest)
        if size == 1:
            raise InputError(
                f"{self.what}: out of memory with a single record of {longest} positions; choose a "
                "smaller hidden_size or fewer layers, remove long records, or use device: cpu"
            )
        half = size // 2
        self.positions = half * longest
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        say(
            f"{self.what}: out of memory with {size} records of {longest} positions; continuing "
            f"with {half}"
        )
