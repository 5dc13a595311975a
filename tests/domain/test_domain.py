"""The domain of a model: counts as plain Python counts, limits from held-out records, reasons."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import pack

from bioseqrnn.domain import judge
from bioseqrnn.domain.card import DomainCard
from bioseqrnn.domain.fit import fit_domain
from bioseqrnn.domain.judge import Domain
from bioseqrnn.domain.words import (
    MOST_BYTES,
    NEW,
    add_words,
    as_bits,
    count,
    empty_table,
    from_bits,
    word_size,
)
from bioseqrnn.onehot.alphabet import ALPHABETS, DNA, PROTEIN
from bioseqrnn.onehot.packing import Packed

COMPLEMENT = str.maketrans("ACGTNR", "TGCANY")
# rows: after A, C, G, T; such a source has words of its own and rarely CG
STEPS = np.array([[6, 1, 2, 1], [3, 4, 0.2, 3], [2, 3, 4, 1], [1, 1, 3, 5]])


def source(rng, n, length=57):
    """DNA in which each base depends on the one before."""
    steps = np.cumsum(STEPS / STEPS.sum(axis=1, keepdims=True), axis=1)
    codes = np.zeros((n, length), np.int64)
    codes[:, 0] = rng.integers(0, 4, n)
    for j in range(1, length):
        codes[:, j] = (rng.random(n)[:, None] > steps[codes[:, j - 1]]).sum(axis=1).clip(max=3)
    return ["".join("ACGT"[c] for c in row) for row in codes]


def random_dna(rng, n, length=57):
    return ["".join(row) for row in rng.choice(list("ACGT"), (n, length))]


def domain_of(texts, folds, alphabet=DNA, both=False):
    fitted = fit_domain(lambda: [pack(texts, alphabet)], np.array(folds), alphabet, both)
    return Domain(DomainCard.model_validate(fitted.card), fitted.words, alphabet, both), fitted


@pytest.fixture(scope="module")
def trained():
    rng = np.random.default_rng(1)
    return domain_of(source(rng, 1500), np.arange(1500) % 5)[0]


def words_of(text, size, alphabet):
    runs = (text[i : i + size] for i in range(len(text) - size + 1))
    return [word for word in runs if set(word) <= set(alphabet.symbols)]


@pytest.mark.parametrize(("name", "both"), [("dna", False), ("dna", True), ("protein", False)])
def test_counts_are_those_of_plain_python(name, both):
    alphabet, rng, size = ALPHABETS[name], np.random.default_rng(2), 3
    letters = list(alphabet.symbols) * 3 + ["N" if name == "dna" else "X"]
    texts = ["".join(rng.choice(letters, rng.integers(1, 30))) for _ in range(80)]
    folds = rng.integers(0, 4, len(texts))
    table = empty_table(size, alphabet)
    add_words(table, pack(texts, alphabet), folds, size, alphabet, both)
    where = {}
    for text, fold in zip(texts, folds, strict=True):
        strands = [text, text[::-1].translate(COMPLEMENT)] if both else [text]
        for word in [w for strand in strands for w in words_of(strand, size, alphabet)]:
            where.setdefault(word, set()).add(fold)
    counted = count(table, pack(texts, alphabet), folds, size, alphabet)
    for i, text in enumerate(texts):
        own = words_of(text, size, alphabet)
        assert counted.residues[i].tolist() == [text.count(s) for s in alphabet.symbols]
        assert counted.words[i] == len(own)
        assert counted.known[i] == sum(bool(where.get(word, set()) - {folds[i]}) for word in own)
    kept = from_bits(as_bits(table, without=0), size, alphabet)
    new = count(kept, pack(texts, alphabet), np.full(len(texts), NEW), size, alphabet)
    for i, text in enumerate(texts):
        known = sum(bool(where[word] - {0}) for word in words_of(text, size, alphabet))
        assert new.known[i] == known


@pytest.mark.parametrize(
    ("residues", "alphabet", "size"),
    [(3, DNA, 1), (187_560, DNA, 8), (10**12, DNA, 12), (13_610, PROTEIN, 3), (10**12, PROTEIN, 5)],
)
def test_words_suit_the_number_of_residues_and_their_table_is_bounded(residues, alphabet, size):
    assert word_size(residues, alphabet) == size
    assert alphabet.width**size / 8 <= MOST_BYTES


def test_records_of_the_same_source_are_inside_and_random_ones_are_not(trained):
    rng = np.random.default_rng(9)
    same = trained.judge(pack(source(rng, 1000), DNA)).levels
    # by chance, about 5 % are beyond the limit of each of two properties, and 1 % outside
    assert (same == 0).mean() > 0.84
    assert (same == 2).mean() < 0.05
    strange = trained.judge(pack(random_dna(rng, 1000), DNA)).levels
    assert (strange > 0).mean() > 0.7


@pytest.mark.parametrize(
    ("text", "level", "reason"),
    [
        ("ACG", 2, "3 residues; training records have 57"),
        ("A", 2, "1 residue; training records have 57"),
        ("ACGT" * 1000, 2, "4,000 residues; training records have 57"),
        ("N" * 57, 2, "all residues are ambiguous; no word of "),
        ("CG" * 28 + "C", 2, "composition: 51% C; mean "),
        ("C" * 57, 2, "composition: 100% C; mean "),
    ],
)
def test_strange_records_are_outside_with_the_reason(trained, text, level, reason):
    found = trained.judge(pack([text], DNA))
    assert found.levels.tolist() == [level]
    assert reason in found.reasons[0]


def test_a_slightly_other_length_is_at_the_edge(trained):
    rng = np.random.default_rng(3)
    found = trained.judge(pack(source(rng, 50, length=60), DNA))
    assert (found.properties[:, 0] == 1).all()
    assert all("60 residues; training records have 57" in reason for reason in found.reasons)


def test_only_records_that_are_not_inside_have_reasons(trained):
    rng = np.random.default_rng(4)
    found = trained.judge(pack(source(rng, 200) + random_dna(rng, 200), DNA))
    assert [bool(reason) for reason in found.reasons] == (found.levels > 0).tolist()


def test_company_and_parts_do_not_matter(trained, monkeypatch):
    rng = np.random.default_rng(5)
    packed = pack(source(rng, 30) + random_dna(rng, 30) + ["ACG"], DNA)
    whole = trained.judge(packed)
    monkeypatch.setattr(judge, "ROWS_AT_ONCE", 7)
    parts = trained.judge(packed)
    assert parts.levels.tolist() == whole.levels.tolist()
    assert parts.reasons == whole.reasons
    alone = trained.judge(packed.slice(11, 12))
    assert alone.reasons[0] == whole.reasons[11]


def test_the_fit_does_not_depend_on_how_the_table_is_read():
    rng = np.random.default_rng(6)
    texts, folds = source(rng, 200), np.arange(200) % 4
    packed = pack(texts, DNA)
    parts = [packed.slice(start, min(start + 37, 200)) for start in range(0, 200, 37)]
    one = fit_domain(lambda: [packed], folds, DNA, False)
    other = fit_domain(lambda: parts, folds, DNA, False)
    assert one.card == other.card
    assert (one.words == other.words).all()
    assert Packed.join(parts).lengths.tolist() == packed.lengths.tolist()


def test_both_strands_are_judged_alike():
    rng = np.random.default_rng(7)
    domain, _ = domain_of(source(rng, 400), np.arange(400) % 5, both=True)
    texts = source(rng, 60) + random_dna(rng, 60)
    mirrored = [text[::-1].translate(COMPLEMENT) for text in texts]
    one, other = domain.judge(pack(texts, DNA)), domain.judge(pack(mirrored, DNA))
    assert one.levels.tolist() == other.levels.tolist()
    assert 0 < (one.levels > 0).sum() < len(texts)


def test_limits_are_of_held_out_records_only():
    """With a given split, only the test records say how far a new record may differ."""
    rng = np.random.default_rng(8)
    texts = source(rng, 300) + random_dna(rng, 100)
    strict = domain_of(texts, [*[-1] * 200, *[0] * 100, *[-1] * 100])[1].card
    loose = domain_of(texts, [*[-1] * 300, *[0] * 100])[1].card
    assert (strict["held_out"], loose["held_out"]) == (100, 100)
    assert strict["words"]["mean"] > loose["words"]["mean"]


def test_peptides_shorter_than_a_word_are_judged_by_the_rest():
    rng = np.random.default_rng(9)
    texts = ["".join(rng.choice(list("KLAIWRF"), rng.integers(2, 30))) for _ in range(900)]
    domain, fitted = domain_of(texts, np.arange(900) % 3, PROTEIN)
    assert fitted.card["words"]["size"] > 2
    short = domain.judge(pack(["KL"], PROTEIN))
    assert short.properties[0, 2] == 0
    assert "composition" in domain.judge(pack(["DEDEDEDEDEDE"], PROTEIN)).reasons[0]


def test_a_table_of_tiny_records_has_no_words():
    domain, fitted = domain_of(["A", "C", "G", "T", "A", "N"] * 4, np.arange(24) % 2)
    assert domain.judge(pack(["A"], DNA)).levels.tolist() == [0]
    assert fitted.card["lengths"] == [1, 1, 1, 1]
