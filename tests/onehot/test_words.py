"""Words counted by the kernel, and by what they mean."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from bioseqrnn.onehot.words import contiguous, count_words, gapped

SYMBOLS = "ACGT"


def encoded(sequences):
    codes = [SYMBOLS.find(letter) % 5 for sequence in sequences for letter in sequence]
    offsets = np.concatenate([[0], np.cumsum([len(sequence) for sequence in sequences])])
    return np.array(codes, np.uint8), offsets


def other_strand(text):
    return text[::-1].translate(str.maketrans("ACGT.", "TGCA."))


def by_hand(sequence, span, informative, both):
    """Every gapped word as text, with dots in the gaps."""
    counts = Counter()
    for start in range(len(sequence) - span + 1):
        window = sequence[start : start + span]
        for pattern in itertools.combinations(range(span), informative):
            word = "".join(window[i] if i in pattern else "." for i in range(span))
            if "N" not in word:
                counts[min(word, other_strand(word)) if both else word] += 1
    return counts


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize(("span", "informative"), [(1, 1), (3, 3), (4, 2), (6, 4)])
def test_gapped_words_are_those_of_an_enumeration(span, informative, both):
    rng = np.random.default_rng(1)
    sequences = ["".join(rng.choice(list("ACGTN"), size=n)) for n in (0, 2, 5, 30, 31, 90)]
    codes, offsets = encoded(sequences)
    counts = count_words(codes, offsets, gapped(span, informative), 4, both, span=span)
    expected = [by_hand(sequence, span, informative, both) for sequence in sequences]
    for row, words in zip(counts.toarray(), expected, strict=True):
        assert sorted(row[row > 0]) == sorted(words.values())
    # inner products of counts are the same whatever the columns are called: the kernel
    names = sorted(set().union(*expected))
    table = np.array([[words[name] for name in names] for words in expected])
    assert np.array_equal((counts @ counts.T).toarray(), table @ table.T)


def test_the_gapped_kmer_kernel_depends_on_mismatches_only():
    """Two windows that differ in m places share C(l - m, k) words (Ghandi et al. 2014, eq. 3)."""
    codes, offsets = encoded(["ACGTACGT", "ACGTACGT", "ACGTACGA", "TCGTACGA", "TTTTTTTT"])
    counts = count_words(codes, offsets, gapped(8, 6), 4, False, span=8)
    # C(8, 6), C(7, 6), C(6, 6) and, with six mismatches, none
    assert (counts @ counts.T).toarray()[0].tolist() == [28, 28, 7, 1, 0]


def test_windows_in_the_middle_weigh_more():
    codes, offsets = encoded(["A" * 201])
    total = count_words(codes, offsets, contiguous(1), 4, False, centred=True).toarray()[0, 0]
    distances = np.abs(np.arange(201) + 0.5 - 100.5)
    expected = np.maximum(1, np.floor(50 * np.exp(-np.log(2) * distances / 50) + 1)) / 50
    assert total == pytest.approx(expected.sum(), rel=1e-5)


def test_columns_are_sorted_and_the_dtype_is_that_of_fast_solvers():
    codes, offsets = encoded(["GTACGTTGCA", "TTTT"])
    counts = count_words(codes, offsets, contiguous(3), 4, False)
    assert counts.has_sorted_indices
    assert counts.indices.dtype == counts.indptr.dtype == np.int32
    assert counts.dtype == np.float32
