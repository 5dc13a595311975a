from __future__ import annotations

import pytest
import torch

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fitting.augment import Draws, augment, mutated, shifted
from bioseqrnn.networks.strands import reverse_complement


def batch(*lengths, symbols=4):
    torch.manual_seed(4)
    x = torch.zeros(len(lengths), max(lengths), symbols)
    for row, length in enumerate(lengths):
        x[row, :length] = torch.eye(symbols)[torch.randint(0, symbols, (length,))]
    return x, torch.tensor(lengths)


def draws(x, batch=0):
    return Draws([1, 1, batch], *x.shape[:2])


def inside(x, lengths):
    return torch.arange(x.shape[1]) < lengths.unsqueeze(1)


def test_nothing_is_changed_where_nothing_is_asked_for():
    x, lengths = batch(7, 12)
    config = ModelConfig(cell="gru", reverse_complement="average", mutation=0.0)
    assert augment(x, lengths, config, draws(x)) is x


@pytest.mark.parametrize("symbols", [4, 20])
def test_a_share_of_the_residues_is_replaced(symbols):
    x, lengths = batch(*[400] * 99, 100, symbols=symbols)
    new = mutated(x, lengths, 0.1, draws(x))
    assert torch.equal(new.sum(2), inside(x, lengths).float())
    changed = (new != x).any(2)[inside(x, lengths)].float().mean()
    # a residue drawn for itself is no change
    assert changed == pytest.approx(0.1 * (1 - 1 / symbols), rel=0.1)
    assert not torch.equal(mutated(x, lengths, 0.1, draws(x, batch=1)), new)
    assert torch.equal(mutated(x, lengths, 0.1, draws(x)), new)


def test_a_shift_moves_within_the_length():
    x, lengths = batch(*[24] * 300, 6, 3)
    new = shifted(x, lengths, 5, draws(x))
    unknown = (new == 0.25).all(2)
    seen = set()
    for row, length in enumerate(lengths.tolist()):
        most = min(5, length // 4)
        moves = [
            by for by in range(-most, most + 1)
            if torch.equal(new[row, max(0, by) : length + min(0, by)],
                           x[row, max(0, -by) : length - max(0, by)])
            and int(unknown[row].sum()) == abs(by)
        ]  # fmt: skip
        assert len(moves) == 1
        if length == 24:
            seen.add(moves[0])
        assert not new[row, length:].any()
    assert seen == set(range(-5, 6))


def test_half_of_the_records_are_read_from_the_other_strand():
    x, lengths = batch(*[30] * 400)
    config = ModelConfig(cell="gru", reverse_complement="augment", mutation=0.0)
    new, other = augment(x, lengths, config, draws(x)), reverse_complement(x, lengths)
    turned = (new == other).all(2).all(1)
    assert torch.equal(new[~turned], x[~turned])
    assert 150 < turned.sum() < 250


@pytest.mark.parametrize("count", [2, 3, 9])
def test_several_processes_change_their_records_as_one_would(count):
    x, lengths = batch(12, 9, 30, 5, 21, 8, 17)
    config = ModelConfig(cell="gru", reverse_complement="augment", mutation=0.2, shift=3)
    alone = augment(x, lengths, config, Draws([3, 2, 1], len(x), 30))
    assert not torch.equal(alone, x)
    for rank in range(count):
        own = slice(rank, None, count)
        longest = int(lengths[own].max()) if len(lengths[own]) else 0
        part = Draws([3, 2, 1], len(x), 30, own)
        got = augment(x[own, :longest], lengths[own], config, part)
        assert torch.equal(got, alone[own, :longest])
