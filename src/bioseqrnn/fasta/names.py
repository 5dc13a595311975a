"""Record ids from FASTA headers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bioseqrnn.onehot.twins import Digests, digests
from bioseqrnn.support.arrays import Bytes
from bioseqrnn.support.compiled import compiled

SPACE = np.zeros(256, np.uint8)
SPACE[[9, 11, 12, 28, 29, 30, 31, 32]] = 1


def ids_of(headers: bytes, titles: tuple[str, ...], whole: bool) -> pa.StringArray:
    r"""Return the id of every header: its first word as in Biopython, or the whole header.

    Parameters
    ----------
    headers : bytes
        Titles, each ended by ``\n``.
    titles : tuple of str
        The same titles as text.
    whole : bool
        Whether the id is the whole header, without white space at its ends.
    """
    if whole:
        return pa.array([title.strip() for title in titles], pa.string())
    if not headers.isascii():
        # non-ASCII white space ends a word too
        return pa.array([(title.split(None, 1) or [""])[0] for title in titles], pa.string())
    data = np.empty(len(headers), np.uint8)
    offsets = np.zeros(len(titles) + 1, np.int32)
    _first_words(np.frombuffer(headers, np.uint8), SPACE, data, offsets)
    return pa.StringArray.from_buffers(len(titles), pa.py_buffer(offsets), pa.py_buffer(data))


def id_digests(ids: pa.StringArray) -> Digests:
    """Return a digest of every id, uint64 [n, 2]."""
    _, offsets, data = ids.buffers()
    places = np.frombuffer(offsets, np.int32)[ids.offset : ids.offset + len(ids) + 1]
    letters = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    return digests(letters, places.astype(np.int64))


@compiled
def _first_words(headers: Bytes, space: Bytes, data: Bytes, offsets: npt.NDArray[np.int32]) -> None:
    record, out, i = 0, 0, 0
    while i < len(headers):
        while space[headers[i]]:
            i += 1
        while headers[i] != 10 and not space[headers[i]]:
            data[out] = headers[i]
            out += 1
            i += 1
        while headers[i] != 10:
            i += 1
        record += 1
        offsets[record] = out
        i += 1
