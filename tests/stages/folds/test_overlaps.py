"""Folds of records that overlap, checked by the words that records of two roles have in common."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import encode

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.onehot.decoding import letters
from bioseqrnn.similarity.overlaps import chance
from bioseqrnn.similarity.overlaps.common import MOST_HOLDERS
from bioseqrnn.similarity.overlaps.texts import low_complexity, read_texts
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.declared.data import LEAKS
from bioseqrnn.tables.folds import read_folds

RESIDUES = "ACDEFGHIKLMNPQRSTVWY"


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def draw(rng, length, symbols="ACGT"):
    return "".join(rng.choice(list(symbols), length))


def other_strand(text):
    return text[::-1].translate(str.maketrans("ACGT", "TGCA"))


def table_of(folder, texts, **options):
    """Table of the texts, in two classes that alternate."""
    for label in (0, 1):
        lines = (f">{i}\n{text}\n" for i, text in enumerate(texts) if i % 2 == label)
        (folder / f"{label}.fa").write_text("".join(lines))
    sources = [Source(folder / f"{label}.fa", str(label)) for label in (0, 1)]
    return encode(folder, sources, **options)


def split(table, folder, **options):
    leaks = folder / "leaks.tsv"
    config = FoldsConfig(**{"seed": 1} | options)
    split_table(table, folder / "folds.parquet", config, leaks=leaks)
    found = LEAKS.read(leaks)
    own = found[found["grouping"] == found["grouping"].iloc[0]]
    return read_folds(folder / "folds.parquet", table), own


def texts_of(table):
    return list(letters(table.packed, np.arange(len(table)), table.alphabet))


def words_of(text, size, both):
    """Words of a text; with ``both``, of a word and its reverse complement the lower one."""
    words = {text[i : i + size] for i in range(len(text) - size + 1)}
    return {min(word, other_strand(word)) for word in words} if both else words


def straddling(table, roles, size):
    """Words that, in any fold, a record of one role has in common with one of another role."""
    held = [words_of(text, size, table.alphabet.name == "dna") for text in texts_of(table)]
    found = set()
    for column in roles.T:
        of = {
            role: set().union(*(held[i] for i in np.flatnonzero(column == role)))
            for role in ("train", "validation", "test")
        }
        found |= (of["test"] & (of["train"] | of["validation"])) | (of["validation"] & of["train"])
    return found


@pytest.mark.parametrize(("length", "step"), [(57, 20), (101, 50), (101, 10), (200, 100)])
def test_windows_of_a_genome_never_straddle(rng, tmp_path, length, step):
    genome = draw(rng, 300 * step)
    texts = [genome[i : i + length] for i in range(0, len(genome) - length, step)]
    texts = [other_strand(text) if rng.random() < 0.5 else text for text in texts]
    table = table_of(tmp_path, [texts[i] for i in rng.permutation(len(texts))])
    folds, leaks = split(table, tmp_path)
    least = int(leaks["stretch"].iloc[0])
    assert least < length - step
    assert straddling(table, folds.roles, least) == set()
    assert leaks["overlapping"].tolist() == leaks["similar"].tolist() == [0] * 5
    # all windows are one chain, which is cut: few are left out, and each is tested once
    assert ((folds.roles == "test").sum(axis=1) == 1).all()
    tested = (folds.roles == "test").sum(axis=0)
    assert tested.max() < 1.5 * len(table) / 5
    assert (folds.roles == "excluded").sum(axis=0).max() < 0.35 * len(table)


def test_a_repeat_planted_in_many_windows_keeps_few_together(rng, tmp_path):
    """A third of the windows of 101 nt have a part of an element of 280 nt in them."""
    element, texts = draw(rng, 280), []
    for number in range(600):
        text = draw(rng, 101)
        if number % 3 == 0:
            size = rng.integers(40, 80)
            i, j = rng.integers(1, 100 - size), rng.integers(0, 280 - size)
            text = text[:i] + element[j : j + size] + text[i + size :]
        texts.append(other_strand(text) if number % 2 else text)
    table = table_of(tmp_path, texts)
    folds, leaks = split(table, tmp_path)
    assert np.bincount(folds.groups).max() <= 12
    # the repeat is shared between the folds, which the table says, and nothing else is; beside the
    # element, some letters agree by chance
    both, least = element + "N" + other_strand(element), int(leaks["stretch"].iloc[0])
    words = straddling(table, folds.roles, least)
    assert words
    assert all(any(word[i : i + least - 8] in both for i in range(9)) for word in words)
    assert leaks["overlapping"].sum() == 0
    assert 150 < leaks["common"].sum() <= 200


def test_fragments_of_proteins_stay_with_their_source(rng, tmp_path):
    proteins = [draw(rng, rng.integers(150, 300), RESIDUES) for _ in range(40)]
    texts, source = list(proteins), list(range(40))
    for number, protein in enumerate(proteins):
        size = rng.integers(20, 60)
        start = rng.integers(0, len(protein) - size)
        domain = list(protein[40:120])
        for place in rng.choice(80, 24, replace=False):
            domain[place] = rng.choice(list(RESIDUES))
        texts += [protein[start : start + size], "".join(domain)]
        source += [number, number]
    table = table_of(tmp_path, texts, alphabet="protein")
    folds, leaks = split(table, tmp_path)
    groups = {}
    for name, group in zip(table.ids, folds.groups.tolist(), strict=True):
        groups.setdefault(source[int(name)], set()).add(group)
    assert all(len(found) == 1 for found in groups.values())
    assert len(set(folds.groups)) == 40
    apart, leaks = split(table, tmp_path, overlaps=False)
    assert len(set(apart.groups)) == 120
    assert leaks["overlapping"].sum() > 40


@pytest.mark.parametrize("name", ["splice", "acp"])
def test_what_the_bundled_sets_still_share_is_common_or_simple(request, tmp_path, name):
    """Every word that straddles, held against the definition of what does not count."""
    table = request.getfixturevalue(name)
    folds, leaks = split(table, tmp_path)
    assert leaks["overlapping"].sum() == 0
    dna = table.alphabet.name == "dna"
    least = int(leaks["stretch"].iloc[0])
    texts = texts_of(table)
    whole = read_texts(table.packed, np.arange(len(table)), table.alphabet)
    low = low_complexity(whole, least)
    # of equal sequences, one counts
    different = list(dict.fromkeys(min(t, other_strand(t)) if dna else t for t in texts))
    size = chance.word_length(
        len("".join(different)), 2 if dna else 1, chance.match_probability(whole)
    )
    holders = {}
    for text in different:
        for word in words_of(text, size, dna):
            holders[word] = holders.get(word, 0) + 1
    shared = straddling(table, folds.roles, least)
    assert shared
    if not dna:
        # two peptides that have more than half of the shorter one in common, and nothing common
        shared = {w for w in shared if 2 * least >= min(len(t) for t in texts if w in t)}
    explained = 0
    for text, start in zip(texts, whole.starts[:-1], strict=True):
        for i in range(len(text) - least + 1):
            word = text[i : i + least]
            if (min(word, other_strand(word)) if dna else word) not in shared:
                continue
            parts = words_of(word, size, dna)
            assert low[start + i] or max(holders[part] for part in parts) > MOST_HOLDERS, word
            explained += 1
    assert explained


def test_overlapping_test_records_of_a_given_split_are_left_out_where_asked(rng, tmp_path):
    genome = draw(rng, 3000)
    windows = [genome[i : i + 101] for i in range(0, 2500, 60)]
    sources = []
    for label in "ab":
        for role in ("train", "test"):
            texts = [(f"{label}{role}{i}", draw(rng, 101)) for i in range(20)]
            if label == "a":
                chosen = windows[:30] if role == "train" else windows[30:35]
                texts += [(f"{role}w{i}", text) for i, text in enumerate(chosen)]
            path = tmp_path / f"{label}.{role}.fa"
            path.write_text("".join(f">{name}\n{text}\n" for name, text in texts))
            sources.append(Source(path, label, split=role))
    table = encode(tmp_path, sources)
    _, leaks = split(table, tmp_path)
    assert leaks[["tested", "similar", "overlapping"]].to_numpy().tolist() == [[45, 0, 1]]
    folds, leaks = split(table, tmp_path, exclude_leaking=True)
    assert leaks[["tested", "overlapping", "excluded"]].to_numpy().tolist() == [[44, 0, 1]]
    assert [table.ids[i] for i in np.flatnonzero(folds.roles[:, 0] == "excluded")] == ["testw0"]
    _, leaks = split(table, tmp_path, exclude_leaking=True, overlaps=False)
    assert leaks[["tested", "overlapping", "excluded"]].to_numpy().tolist() == [[45, 1, 0]]


def test_too_many_residues_for_the_search_say_what_to_do(rng, tmp_path, monkeypatch, capsys):
    table = table_of(tmp_path, [draw(rng, 60) for _ in range(40)])
    monkeypatch.setattr("bioseqrnn.similarity.overlaps.search.MOST_RESIDUES", 2000)
    with pytest.raises(InputError, match=r"2,400 residues .* set folds\.overlaps to false"):
        split(table, tmp_path)
    _, leaks = split(table, tmp_path, overlaps=False)
    assert leaks[["overlapping", "common", "stretch"]].isna().all(axis=None)
    assert "shared stretches are not counted: 2,400 residues" in capsys.readouterr().err
