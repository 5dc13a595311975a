"""The nearest known sequence is found by alignment, on both strands of DNA."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import pack

from bioseqrnn.onehot.alphabet import DNA, PROTEIN
from bioseqrnn.similarity.nearest import NearestSearch

PAIR = str.maketrans("ACGT", "TGCA")


def texts(letters, count, length, seed=1):
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list(letters), length)) for _ in range(count)]


def changed(text, letters, every):
    """The sequence with one residue in ``every`` replaced by another one."""
    return "".join(
        letters[(letters.index(letter) + 1) % len(letters)] if i % every == every - 1 else letter
        for i, letter in enumerate(text)
    )


@pytest.mark.parametrize(
    ("alphabet", "length"), [(DNA, 60), (PROTEIN, 25), (PROTEIN, 300)], ids=str
)
def test_the_nearest_sequence_is_found(tmp_path, alphabet, length):
    known = texts(alphabet.symbols, 40, length)
    new = [known[7], changed(known[3], alphabet.symbols, 10), known[5][: length // 2]]
    new += texts(alphabet.symbols, 1, length, seed=2)
    expected = [7, 3, 5]
    if alphabet is DNA:
        new.append(known[9].translate(PAIR)[::-1])
    # in two parts, which have one numbering
    parts = [pack(part, alphabet) for part in (known[:15], known[15:])]
    search = NearestSearch(parts, alphabet, tmp_path)
    found = search.find(pack(new, alphabet))
    assert found.rows[:3].tolist() == expected
    np.testing.assert_allclose(found.identity[[0, 2]], 1)
    assert 0.85 <= found.identity[1] <= 0.92
    np.testing.assert_allclose(found.coverage[[0, 2]], 1)
    # a random sequence is near to none, if it is aligned at all
    assert not found.identity[3] * found.coverage[3] > 0.6
    assert (found.rows[3] < 0) == np.isnan(found.identity[3])
    if alphabet is DNA:
        assert (found.rows[4], found.identity[4], found.coverage[4]) == (9, 1, 1)
    # the folder of the part is gone
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_of_equal_sequences_the_first_counts_and_none_is_dropped(tmp_path):
    known = texts("ACGT", 3, 80) * 2
    search = NearestSearch([pack(known, DNA)], DNA, tmp_path)
    found = search.find(pack([known[2], known[0], "A" * 66000], DNA))
    assert found.rows.tolist() == [2, 0, -1]
