"""Stretches that records share: found where windows overlap, and not where chance explains them."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest
from conftest import pack

from bioseqrnn.onehot.alphabet import DNA, PROTEIN
from bioseqrnn.onehot.shuffle import shuffle_bytes
from bioseqrnn.similarity.mmseqs import SimilarityError
from bioseqrnn.similarity.overlaps import chance, common, matches, search, words
from bioseqrnn.similarity.overlaps.search import find_overlaps
from bioseqrnn.similarity.overlaps.texts import low_complexity, read_texts

LETTERS = {"dna": "ACGT", "protein": "ACDEFGHIKLMNPQRSTVWY"}


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def draw(rng, length, alphabet=DNA):
    return "".join(rng.choice(list(LETTERS[alphabet.name]), length))


def other_strand(text):
    return text[::-1].translate(str.maketrans("ACGT", "TGCA"))


def windows(text, length, step):
    return [text[i : i + length] for i in range(0, len(text) - length + 1, step)]


def look(texts, alphabet=DNA):
    return find_overlaps(pack(texts, alphabet), alphabet)


def pairs(found):
    """Pairs by the records' places; of equal sequences the first."""
    _, rows = np.unique(found.sequence, return_index=True)
    return {
        (min(a, b), max(a, b))
        for a, b in zip(rows[found.first].tolist(), rows[found.second].tolist(), strict=True)
    }


def sharing(texts, length, both):
    """Pairs that have a word of some length in common, by looking at all of them."""
    held = [{t[i : i + length] for i in range(len(t) - length + 1)} for t in texts]
    turned = [{other_strand(word) for word in some} for some in held] if both else None
    return {
        (i, j)
        for j in range(len(texts))
        for i in range(j)
        if held[i] & held[j] or (turned is not None and held[i] & turned[j])
    }


@pytest.mark.parametrize(("length", "step"), [(57, 20), (101, 50), (101, 75), (300, 100)])
def test_windows_of_a_genome_are_all_found_on_either_strand(rng, length, step):
    texts = windows(draw(rng, 8000), length, step)
    unrelated = [draw(rng, length) for _ in range(100)]
    texts = [other_strand(text) if i % 2 else text for i, text in enumerate(texts)] + unrelated
    found = look(texts)
    assert found.least < length - step
    assert pairs(found) == sharing(texts, found.least, both=True)
    assert (found.partners[: -len(unrelated)] >= 0).all()
    assert (found.partners[-len(unrelated) :] == -1).all()
    assert found.letters.max() == length - step
    assert found.not_counted() == ""


@pytest.mark.parametrize(("length", "step"), [(200, 1), (200, 4), (60, 1)])
def test_windows_that_overlap_many_deep_are_linked_to_those_nearest_to_them(rng, length, step):
    texts = windows(draw(rng, 1500), length, step)
    order = rng.permutation(len(texts))
    found = look([other_strand(texts[i]) if i % 2 else texts[i] for i in order])
    linked = {(min(order[a], order[b]), max(order[a], order[b])) for a, b in pairs(found)}
    assert linked >= {(i, i + near) for near in (1, 2, 8) for i in range(len(texts) - near)}
    assert not found.common[found.partners[found.sequence] < 0].any()


def test_random_sequences_share_nothing(rng):
    odd = rng.choice(list("AAAAAATTTTCG"), (600, 100))
    for texts, alphabet in (
        ([draw(rng, 57) for _ in range(106)], DNA),
        ([draw(rng, 300) for _ in range(2000)], DNA),
        (["".join(row) for row in odd], DNA),
        ([draw(rng, 17, PROTEIN) for _ in range(800)], PROTEIN),
        ([draw(rng, 250, PROTEIN) for _ in range(800)], PROTEIN),
    ):
        found = look(texts, alphabet)
        assert len(found) == 0
        assert (found.partners == -1).all()


def test_shuffles_of_the_splice_junctions_share_nothing(splice):
    from bioseqrnn.onehot.decoding import letters

    found = find_overlaps(splice.packed, DNA)
    assert 400 < (found.partners >= 0).sum() < 600
    assert (found.first < found.second).all()
    texts = [np.frombuffer(text.encode(), np.uint8)
             for text in letters(splice.packed, np.arange(len(splice)), DNA)]  # fmt: skip
    # as often each pair of letters as before
    shuffled = [shuffle_bytes(text, 2, np.uint64(i)).tobytes() for i, text in enumerate(texts)]
    assert len(look([text.decode() for text in shuffled])) == 0


@pytest.mark.parametrize("seed", range(4))
def test_all_against_all_agrees_where_nothing_is_common(seed):
    rng = np.random.default_rng(seed)
    texts = []
    for number in range(16):
        locus = draw(rng, 100)
        # two between other flanks, or four that begin and end with the locus
        for _ in range(2 if number % 2 else 4):
            start, size = rng.integers(0, 60), rng.integers(20, 50)
            flanks = [draw(rng, rng.integers(0, 5) * (number % 2)) for _ in range(2)]
            text = flanks[0] + locus[start : start + size] + flanks[1]
            texts.append(other_strand(text) if rng.random() < 0.5 else text)
    texts = list(dict.fromkeys(texts))
    found = look(texts)
    assert pairs(found) == sharing(texts, found.least, both=True)
    assert len(found) > 5


def test_promoters_and_windows_of_one_sequence_beside_them(rng):
    """As in a public set: 53 positives with a motif, 53 windows of 1,500 nt, all of 57 nt."""
    boxes = [draw(rng, 57) for _ in range(53)]
    boxes = [text[:15] + "TTGACA" + text[21:38] + "TATAAT" + text[44:] for text in boxes]
    genome = draw(rng, 1500)
    texts = boxes + [genome[i : i + 57] for i in sorted(rng.choice(1443, 53, replace=False))]
    found = look(texts)
    assert 15 <= found.least <= 17
    assert (found.partners[:53] == -1).all()
    assert sharing(texts, 20, both=True) <= pairs(found)
    assert (found.partners >= 0).sum() > 40


def part(rng, repeat, size=None):
    """A record of 101 nt, part of which is a part of a repeat."""
    size = size or rng.integers(40, 80)
    text, i, j = draw(rng, 101), rng.integers(1, 100 - size), rng.integers(0, len(repeat) - size)
    return text[:i] + repeat[j : j + size] + text[i + size :]


@pytest.mark.parametrize("differing", [0, 0.15])
def test_a_repeat_in_many_records_is_counted_but_links_none(rng, differing):
    repeat = draw(rng, 280)

    def copy():
        kept = rng.random(280) >= differing
        return "".join(np.where(kept, list(repeat), rng.choice(list("ACGT"), 280)))

    texts = [part(rng, copy()) for _ in range(300)] + [draw(rng, 101) for _ in range(500)]
    overlapping = windows(draw(rng, 1000), 101, 60)
    found = look([*texts, *overlapping])
    # two copies that have changed alike have a stretch that no others have
    assert (found.partners[:800] >= 0).sum() <= (12 if differing else 0)
    assert (found.partners[800:] >= 0).all()
    held = found.common[found.sequence]
    assert held[:300].sum() > 200
    assert not held[300:800].any()
    assert (
        " more share only a stretch that many records contain (a repeat, a motif)."
    ) in found.not_counted()


def test_windows_of_a_genome_with_repeats_hang_together_by_locus(rng):
    """Ten loci, each with a copy of a repeat 10 % of which differs, in windows that overlap."""
    from bioseqrnn.splits.components import connected

    repeat = np.array(list(draw(rng, 280)))
    texts, locus = [], []
    for number in range(60):
        copy = np.where(rng.random(280) < 0.1, rng.choice(list("ACGT"), 280), repeat)
        own = windows(draw(rng, 400) + "".join(copy) + draw(rng, 400), 101, 50)
        texts += own
        locus += [number] * len(own)
    found = look(texts)
    group = connected(found.first, found.second, len(found.common))[found.sequence]
    for number in range(60):
        assert len(set(group[np.array(locus) == number])) == 1
    assert np.bincount(group).max() < len(texts) / 4


@pytest.mark.parametrize(
    ("size", "holders", "records"), [(10, 53, 106), (15, 53, 106), (15, 10, 106), (15, 300, 600)]
)
def test_a_motif_of_all_positives_links_none(rng, size, holders, records):
    motif, texts = draw(rng, size), []
    for i in range(records):
        text, place = draw(rng, 101), rng.integers(10, 70)
        texts.append(text[:place] + motif + text[place + size :] if i < holders else text)
    assert len(look(texts)) == 0


def test_constant_regions_and_simple_repeats_link_none(rng):
    start, end = draw(rng, 22), draw(rng, 22)
    found = look([start + draw(rng, 60) + end for _ in range(200)])
    assert len(found) == 0
    assert found.constant.all()
    assert found.not_counted() == (
        " 200 more share only a stretch that many records contain (a repeat, a motif; in 200 "
        "records, a constant region)."
    )
    tag = "MGSSHHHHHHSSGLVPRGSH"
    tagged = look([tag + draw(rng, 150, PROTEIN) for _ in range(100)], PROTEIN)
    assert len(tagged) == 0
    assert tagged.constant.all()
    for simple in ("A" * 40, "CA" * 20, "CAG" * 13, "GATA" * 10):
        found = look([draw(rng, 30) + simple + draw(rng, 30) for _ in range(30)])
        assert len(found) == 0
        assert found.simple.all()
    assert found.not_counted().endswith(
        " 30 share a stretch of low complexity, which is not counted."
    )


def test_shifts_padding_and_single_differences_are_overlaps(rng):
    texts = [draw(rng, 60) for _ in range(40)]
    shifted = [text[3:] + draw(rng, 3) for text in texts[:10]]
    padded = ["N" * 20 + text + "N" * 20 for text in texts[10:20]]
    changed = [text[:30] + {"A": "C"}.get(text[30], "A") + text[31:] for text in texts[20:30]]
    found = look([*texts, *shifted, *padded, *changed])
    assert pairs(found) == {(i, i + 40) for i in range(30)}


def test_peptides_of_one_protein_and_fragments_of_longer_ones(rng):
    proteins = [draw(rng, 300, PROTEIN) for _ in range(20)]
    for length, step in ((15, 1), (20, 5), (30, 15)):
        texts = [text for protein in proteins for text in windows(protein, length, step)]
        found = look(texts, PROTEIN)
        assert found.least <= 10
        assert (found.partners >= 0).all()
        wanted = sharing(texts, found.least, both=False)
        # one word in some thousands is of low complexity by chance
        assert pairs(found) <= wanted
        assert len(found) >= 0.999 * len(wanted)
    fragments = [protein[100 : 112 + 5 * i] for i, protein in enumerate(proteins)]
    assert pairs(look(proteins + fragments, PROTEIN)) == {(i, i + 20) for i in range(20)}


def test_what_relatives_have_kept_is_no_fragment(rng):
    """Proteins with a word of 12 residues in common, between flanks that differ."""
    texts = [draw(rng, 120, PROTEIN) for _ in range(40)]
    kept = draw(rng, 12, PROTEIN)
    texts[:2] = [text[:50] + kept + text[62:] for text in texts[:2]]
    assert len(look(texts, PROTEIN)) == 0
    assert len(look([texts[0][45:67], *texts[1:]], PROTEIN)) == 1


def test_a_small_part_of_long_pieces_of_a_genome_links_none(rng):
    repeat = draw(rng, 300)
    for size, wanted in ((60, set()), (300, {(0, 1)})):
        texts = [draw(rng, 2000) for _ in range(4)]
        texts[:2] = [text[:900] + repeat[:size] + text[900 + size :] for text in texts[:2]]
        found = look(texts)
        assert pairs(found) == wanted
        assert found.unlinked.tolist() == [not wanted] * 2 + [False] * 2
    # where they end with it, they may be neighbours
    texts[:2] = [texts[0] + repeat[:60], repeat[:60] + texts[1]]
    assert (0, 1) in pairs(look(texts))


def test_equal_sequences_are_not_each_others_overlap(rng):
    text = draw(rng, 80)
    found = look([text, text, other_strand(text), text[20:] + draw(rng, 20)])
    assert found.partners.tolist() == [3, 3, 3, 0]
    assert found.beside(np.array([True, False, False, False])).tolist() == [False] * 3 + [True]
    assert found.beside(np.array([False, False, False, True])).tolist() == [True] * 3 + [False]


def test_parts_and_forgetting_change_nothing(rng, monkeypatch):
    repeat = draw(rng, 100)
    texts = windows(draw(rng, 3000), 101, 30) + [part(rng, repeat, 50) for _ in range(60)]
    whole = look(texts)
    monkeypatch.setattr(words, "AT_ONCE", 700)
    monkeypatch.setattr(matches, "AT_ONCE", 300)
    monkeypatch.setattr(matches, "REMEMBERED", 3)
    monkeypatch.setattr(common, "AT_ONCE", 200)
    for name in ("first", "second", "letters", "common", "constant", "simple"):
        np.testing.assert_array_equal(getattr(look(texts), name), getattr(whole, name))
    assert len(whole) > 90


def test_the_least_length_is_that_beyond_chance(rng):
    # 6,000 nt: about 3.6e7 pairs of places on two strands, three quarters of which begin a match
    assert chance.least_length(6000, 2, 0.25, "dna") == 16
    assert chance.least_length(6 * 10**6, 2, 0.25, "dna") == 26
    assert chance.least_length(10, 1, 0.06, "protein") == 6
    texts = read_texts(pack([draw(rng, 2000) for _ in range(20)], DNA), np.arange(20), DNA)
    assert chance.match_probability(texts) == pytest.approx(0.25, abs=0.01)
    # twice as many holders, four times the pairs: a letter more, or one and a half
    beside = [chance.least_beside(2**k, 0.25) for k in range(2, 12)]
    assert set(np.diff(beside)) <= {1, 2}
    assert beside[0] == 7


def test_low_complexity_by_counting_anew(rng):
    texts = ["CA" * 9 + draw(rng, 30) + "N" + "G" * 25, draw(rng, 12), "ACGTT" * 8]
    found = read_texts(pack(texts, DNA), np.arange(3), DNA)
    low = low_complexity(found, 14)
    for text, start in zip(texts, found.starts[:-1], strict=True):
        for i in range(len(text) - 13):
            grams = [text[k : k + 3] for k in range(i, i + 12)]
            equal = sum(a == b for n, a in enumerate(grams) for b in grams[:n])
            assert low[start + i] == (equal >= 0.1 * 66), (text, i)


def test_ambiguous_residues_are_no_part_of_a_word():
    codes = read_texts(pack(["ACDWX", "YB"], PROTEIN), np.arange(2), PROTEIN).codes
    assert codes.tolist() == [0, 1, 2, 18, 31, 19, 31]
    assert len(look(["ACGTTGCAAC" + "N" * 40 + "TTGCATTCGA"[i:] for i in range(4)])) == 0


def test_memory_and_time_grow_no_faster_than_the_residues(rng, monkeypatch):
    monkeypatch.setattr(words, "AT_ONCE", 2**17)
    monkeypatch.setattr(matches, "REMEMBERED", 2**14)
    used = []
    for size in (2000, 8000):
        packed = pack(windows(draw(rng, 100 * size), 200, 100), DNA)
        look([draw(rng, 60) for _ in range(4)])
        tracemalloc.start()
        start = time.process_time()
        found = find_overlaps(packed, DNA)
        took, peak = time.process_time() - start, tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(found) == len(packed) - 1
        used.append((took, peak))
    # four times the residues; of memory most is a constant
    assert used[1][0] < 12 * used[0][0]
    assert used[1][1] < 12 * 200 * 8000
    assert used[1][1] < 4 * used[0][1]


def test_too_many_residues_are_refused(rng, monkeypatch):
    monkeypatch.setattr(search, "MOST_RESIDUES", 100)
    with pytest.raises(SimilarityError, match="120 residues are too many"):
        look([draw(rng, 60), draw(rng, 60)])
