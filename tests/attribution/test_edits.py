"""Records without a motif and with one: what is changed, and what is not."""

from __future__ import annotations

import numpy as np
import pytest

from bioseqrnn.attribution.edits import (
    DRAWS,
    VARIANTS,
    drawn_instances,
    drawn_residues,
    elsewhere,
    shuffled_instances,
    with_motif,
    without_motif,
)

BACKGROUND = np.array([0.1, 0.2, 0.3, 0.4])


def record(length, seed=1):
    return np.eye(4, dtype=np.float32)[np.random.default_rng(seed).integers(0, 4, length)]


def test_residues_and_instances_have_their_frequencies():
    rng = np.random.default_rng(1)
    counts = np.bincount(drawn_residues(BACKGROUND, (20_000,), rng), minlength=4)
    np.testing.assert_allclose(counts / 20_000, BACKGROUND, atol=0.02)
    shares = np.array([[1.0, 0, 0, 0], BACKGROUND, [0, 0, 0.5, 0.5]])
    found = drawn_instances(shares, 20_000, rng)
    for column, wanted in zip(found.T, shares, strict=True):
        counts = np.bincount(column, minlength=4)
        np.testing.assert_allclose(counts / 20_000, wanted, atol=0.02)


def test_only_occurrences_are_replaced_and_as_many_residues_elsewhere():
    x = record(60)
    starts, ends = np.array([5, 8, 40]), np.array([11, 14, 45])
    batch, controlled = without_motif(x, starts, ends, BACKGROUND, np.random.default_rng(2))
    assert controlled
    assert batch.shape == (VARIANTS, 60, 4)
    assert np.array_equal(batch[0], x)
    inside = np.zeros(60, bool)
    inside[5:14] = inside[40:45] = True
    assert np.array_equal(batch[1 : 1 + DRAWS, ~inside], np.repeat(x[None, ~inside], DRAWS, 0))
    assert (batch[1 : 1 + DRAWS, inside] != x[inside]).any(axis=(1, 2)).all()
    assert np.array_equal(batch[1 + DRAWS :, inside], np.repeat(x[None, inside], DRAWS, 0))
    changed = (batch[1 + DRAWS :] != x).any(axis=2).sum(axis=1)
    # a drawn residue can be the one that is there
    assert ((changed > 3) & (changed <= 14)).all()
    assert (batch.sum(axis=2) == 1).all()


def test_a_record_without_room_has_no_control():
    _, controlled = without_motif(
        record(12), np.array([0]), np.array([8]), BACKGROUND, np.random.default_rng(2)
    )
    assert not controlled


def test_stretches_elsewhere_do_not_overlap():
    covered = np.zeros(40, bool)
    covered[10:20] = True
    for seed in range(20):
        found = elsewhere(covered, [6, 6, 4], np.random.default_rng(seed))
        if found is not None:
            assert len(set(found.tolist())) == 16
            assert not covered[found].any()
    assert elsewhere(covered, [21], np.random.default_rng(1)) is None


def test_a_motif_is_planted_on_either_strand():
    x = record(30)
    codes = np.tile([0, 1, 2, 2], (DRAWS, 1))
    controls = shuffled_instances(codes, BACKGROUND, np.random.default_rng(4))
    assert (np.sort(controls, axis=1) == codes).all()
    starts, turned = np.arange(DRAWS) * 7, np.arange(DRAWS) % 2 == 1
    batch = with_motif(x, codes, controls, starts, turned)
    for row in range(DRAWS):
        span = slice(starts[row], starts[row] + 4)
        for place, residues in ((1 + row, codes[row]), (1 + DRAWS + row, controls[row])):
            # C C G T is the other strand of A C G G
            wanted = 3 - residues[::-1] if turned[row] else residues
            assert batch[place, span].argmax(axis=1).tolist() == wanted.tolist()
            outside = np.delete(batch[place], np.arange(30)[span], axis=0)
            assert np.array_equal(outside, np.delete(x, np.arange(30)[span], axis=0))


@pytest.mark.parametrize("width", [2, 5])
def test_a_shuffled_instance_is_in_another_order(width):
    codes = np.tile(np.arange(width), (50, 1))
    mixed = shuffled_instances(codes, BACKGROUND, np.random.default_rng(5))
    assert (mixed != codes).any(axis=1).all()


def test_a_single_residue_is_held_against_the_background():
    mixed = shuffled_instances(np.zeros((2000, 1), int), BACKGROUND, np.random.default_rng(5))
    np.testing.assert_allclose(np.bincount(mixed[:, 0]) / 2000, BACKGROUND, atol=0.04)
