from __future__ import annotations

from collections import Counter

import mmh3
import numpy as np
import pytest
from Bio.Seq import reverse_complement
from conftest import pack
from hypothesis import given, settings
from hypothesis import strategies as st

from bioseqrnn.onehot.alphabet import DNA, PROTEIN
from bioseqrnn.onehot.twins import digests, number, sequence_digests
from bioseqrnn.stages.sequences import unique
from bioseqrnn.stages.sequences.unique import RepeatedKeys


@given(st.lists(st.binary(max_size=70), min_size=1, max_size=20))
def test_digests_are_murmur3(items):
    data = np.frombuffer(b"".join(items), np.uint8)
    found = digests(data, np.cumsum([0, *map(len, items)]))
    expected = [mmh3.hash64(item, 0, True, signed=False) for item in items]
    assert [tuple(row) for row in found.tolist()] == expected


@given(st.lists(st.text("ACGTRYSWKMBDHVN", min_size=1, max_size=50), min_size=1, max_size=20))
def test_strands_share_a_digest_and_different_sequences_do_not(sequences):
    others = [reverse_complement(sequence) for sequence in sequences]
    found = sequence_digests(pack(sequences, DNA), both_strands=True)
    np.testing.assert_array_equal(found, sequence_digests(pack(others, DNA), both_strands=True))
    distinct = {min(pair) for pair in zip(sequences, others, strict=True)}
    assert len({tuple(row) for row in found.tolist()}) == len(distinct)
    single = sequence_digests(pack(sequences, DNA), both_strands=False)
    assert len({tuple(row) for row in single.tolist()}) == len(set(sequences))


def test_padding_is_no_residue():
    """The last byte of a packed sequence is padded with zeros; a shorter one could look alike."""
    packed = pack(["A", "AC", "ACD", "ACDE"], PROTEIN)
    assert len(np.unique(sequence_digests(packed, both_strands=False), axis=0)) == 4


@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=30))
def test_number_counts_from_the_first_appearance(names):
    data = np.frombuffer("".join(names).encode(), np.uint8)
    order: dict[str, int] = {}
    expected = [order.setdefault(name, len(order)) for name in names]
    assert number(digests(data, np.arange(len(names) + 1))).tolist() == expected


@settings(max_examples=15)
@pytest.mark.parametrize("held", [3, 7, 1000])
@given(blocks=st.lists(st.lists(st.integers(0, 60), min_size=1, max_size=9), max_size=30))
def test_repeated_keys_in_memory_and_on_disk(tmp_path_factory, held, blocks):
    repeated = RepeatedKeys(tmp_path_factory.getbasetemp())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unique, "HELD", held)
        for block in blocks:
            # few first halves, so that second ones decide
            keys = np.array([[value % 5 << 57, value] for value in block], np.uint64)
            repeated.add(keys)
        found = repeated.find()
    counts = Counter(value for block in blocks for value in block)
    assert sorted(found[:, 1].tolist()) == sorted(v for v, n in counts.items() if n > 1)


def test_looking_for_repeats_holds_one_bucket_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(unique, "HELD", 1000)
    repeated = RepeatedKeys(tmp_path)
    rng = np.random.default_rng(2)
    for _ in range(50):
        repeated.add(rng.integers(0, 2**63, (1000, 2)).astype(np.uint64))
    kept: list[np.ndarray] = []
    look = unique._repeated

    def watched(keys):
        kept.append(look(keys))
        return kept[-1]

    monkeypatch.setattr(unique, "_repeated", watched)
    assert len(repeated.find()) == 0
    assert len(kept) == unique.BUCKETS
    assert all(part.base is None for part in kept)
