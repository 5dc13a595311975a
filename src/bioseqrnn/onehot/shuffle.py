"""Shuffles with exactly the k-let counts of a sequence; all arrangements are equally probable.

A sequence is a walk over its (k-1)-lets along its k-lets; a shuffle is another walk that uses the
same k-lets (Altschul and Erickson, Mol. Biol. Evol. 2:526, 1985). The last exits of the vertices
form a tree towards the final vertex. If this tree is drawn uniformly, by loop-erased random walks
(Wilson, STOC 1996), and all other exits are in random order, the walk is uniform (Kandel et al.,
Discrete Appl. Math. 71:171, 1996; Jiang et al., BMC Bioinformatics 9:192, 2008).
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from bioseqrnn.support.arrays import Bytes
from bioseqrnn.support.compiled import compiled

Ints32 = npt.NDArray[np.int32]
Words = npt.NDArray[np.uint64]

# SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)
STEP = np.uint64(0x9E3779B97F4A7C15)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
SPAN = np.uint64(1 << 32)
LOW_BITS = np.uint64((1 << 32) - 1)


@compiled
def _below(state: Words, bound: int) -> int:
    """Draw an integer in [0, bound), unbiased (Lemire, ACM TOMACS 29:3, 2019); bound < 2³²."""
    span = np.uint64(bound)
    while True:
        state[0] += STEP
        z = state[0]
        z = (z ^ (z >> np.uint64(30))) * MIX_1
        z = (z ^ (z >> np.uint64(27))) * MIX_2
        z ^= z >> np.uint64(31)
        product = (z >> np.uint64(32)) * span
        low = product & LOW_BITS
        if low >= span or low >= (SPAN - span) % span:
            return int(product >> np.uint64(32))


@compiled
def _rank_words(text: Bytes, size: int) -> tuple[Ints32, int]:
    """Number the words of ``size`` letters densely, in order of first appearance.

    Words grow by one letter at a time. The children of a word are a linked list, so memory is
    linear in the length of the text for any alphabet.

    Returns
    -------
    ranks : int32 [len(text) - size + 1]
    count : int
        Distinct words.
    """
    places = len(text) - size + 1
    ranks = np.zeros(places, np.int32)
    count = 1
    letter = np.empty(places, np.uint8)
    sibling = np.empty(places, np.int32)
    for depth in range(size):
        child = np.full(count, -1, np.int32)
        count = 0
        for i in range(places):
            parent = ranks[i]
            word = child[parent]
            while word >= 0 and letter[word] != text[i + depth]:
                word = sibling[word]
            if word < 0:
                word = count
                count += 1
                letter[word] = text[i + depth]
                sibling[word] = child[parent]
                child[parent] = word
            ranks[i] = word
        if count == places:
            break
    return ranks, count


@compiled
def shuffle_bytes(text: Bytes, k: int, seed: np.uint64) -> Bytes:
    """Shuffle letters; see ``shuffle``.

    Parameters
    ----------
    text : uint8 [length]
        Fewer than 2³¹ letters.
    k : int
    seed : uint64

    Returns
    -------
    uint8 [length]
    """
    out = text.copy()
    edges = len(text) - k + 1
    if edges < 2:
        return out
    vertex, count = _rank_words(text, k - 1)
    if count == edges + 1:
        return out  # no word occurs twice: there is no other arrangement
    state = np.array([seed], np.uint64)

    # exits of vertex v: exits[first[v]:first[v + 1]]; an exit is the position of its k-let
    first = np.zeros(count + 1, np.int32)
    for i in range(edges):
        first[vertex[i] + 1] += 1
    for v in range(count):
        first[v + 1] += first[v]
    use = first[:count].copy()
    exits = np.empty(edges, np.int32)
    for i in range(edges):
        exits[use[vertex[i]]] = i
        use[vertex[i]] += 1

    # random tree towards the final vertex; last[v] is the index in exits of v's branch
    final = vertex[edges]
    in_tree = np.zeros(count, np.bool_)
    in_tree[final] = True
    last = np.empty(count, np.int32)
    for root in range(count):
        v = root
        while not in_tree[v]:
            last[v] = first[v] + _below(state, first[v + 1] - first[v])
            v = vertex[exits[last[v]] + 1]
        v = root
        while not in_tree[v]:
            in_tree[v] = True
            v = vertex[exits[last[v]] + 1]

    for v in range(count):
        free = first[v + 1]
        if v != final:
            free -= 1
            exits[last[v]], exits[free] = exits[free], exits[last[v]]
        for i in range(free - 1, first[v], -1):
            j = first[v] + _below(state, i - first[v] + 1)
            exits[i], exits[j] = exits[j], exits[i]

    use[:] = first[:count]
    v = vertex[0]
    for i in range(edges):
        edge = exits[use[v]]
        use[v] += 1
        out[i + k - 1] = text[edge + k - 1]
        v = vertex[edge + 1]
    return out


def shuffle(sequence: str, k: int, seed: int) -> str:
    """Return a random arrangement of a sequence with the same count of every k-let.

    All distinct arrangements are equally probable; the original is one of them. The first and the
    last k-1 letters stay. Time and memory are linear in the length (time: expected, for k = 2 or
    sequences without long repeats). The result depends only on the three arguments.

    Parameters
    ----------
    sequence : str
        ASCII; upper and lower case count as different letters.
    k : int
        At least 1; 1 permutes the letters, 2 keeps the dinucleotides. Sequences of fewer than
        ``k + 1`` letters are returned unchanged.
    seed : int
        64 bits; see ``record_seed``.

    Raises
    ------
    ValueError
        ``k`` below 1, or a letter that is not ASCII.
    """
    if k < 1:
        raise ValueError(f"k is {k}; it must be at least 1")
    text = np.frombuffer(sequence.encode("ascii"), np.uint8)
    shuffled = shuffle_bytes(text, k, np.uint64(seed % (1 << 64)))
    return shuffled.tobytes().decode("ascii")


def record_seed(seed: int, record_id: str, attempt: int) -> int:
    """Return 64 random bits that are always the same for the same three arguments (BLAKE2b)."""
    text = f"{seed} {attempt} {record_id}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")
