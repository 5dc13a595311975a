"""Folds by homology on the bundled sets, searched all against all once more by other means."""

from __future__ import annotations

import subprocess

import numpy as np
import pandas as pd
import pytest
from conftest import encode

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.onehot.decoding import letters
from bioseqrnn.similarity.mmseqs import find_mmseqs
from bioseqrnn.similarity.pairs import Threshold, threshold_of
from bioseqrnn.splits.components import cut_components
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.folds import read_folds

# what it shares is made once, not by every worker
pytestmark = pytest.mark.xdist_group("homology")
ROLES = ("train", "validation", "test")


def split(table, folder, **options):
    settings = {"count": 5, "validation_fraction": 0.1, "seed": 1, "grouping": "homology"} | options
    leaks = folder / "leaks.tsv"
    split_table(table, folder / "folds.parquet", FoldsConfig(**settings), leaks=leaks)
    return read_folds(folder / "folds.parquet", table), pd.read_csv(leaks, sep="\t")


def search_again(table, folder):
    """Pairs that another search than that of the folds finds.

    Peptides: every pair aligned, on all records, not only different ones. DNA: other k-mers.
    """
    rows = np.arange(len(table))
    texts = letters(table.packed, rows, table.alphabet)
    (folder / "all.fa").write_text("".join(f">{i}\n{text}\n" for i, text in enumerate(texts)))
    dna = table.alphabet.name == "dna"
    how = (
        ["--search-type", "3", "--strand", "2", "-k", "8", "--spaced-kmer-mode", "0"]
        if dna
        else ["--prefilter-mode", "2", "--comp-bias-corr", "0"]
    )
    subprocess.run([find_mmseqs(), "createdb", "all.fa", "db", "--dbtype", "2" if dna else "1"],
                   cwd=folder, check=True, capture_output=True)  # fmt: skip
    subprocess.run([find_mmseqs(), "search", "db", "db", "hits", "tmp", *how, "-e", "inf",
                    "--mask", "0", "--max-seqs", "4000", "--alignment-mode", "3", "--threads", "1"],
                   cwd=folder, check=True, capture_output=True)  # fmt: skip
    columns = ["query", "target", "fident", "alnlen", "qcov", "tcov"]
    subprocess.run([find_mmseqs(), "convertalis", "db", "db", "hits", "hits.tsv",
                    "--format-output", ",".join(columns), *["--search-type", "3"] * dna],
                   cwd=folder, check=True, capture_output=True)  # fmt: skip
    return pd.read_csv(folder / "hits.tsv", sep="\t", names=columns)


def alike_among(table, hits, threshold):
    """Records alike by a threshold: bool [n, n]."""
    kept = hits[["qcov", "tcov"]].min(axis=1).to_numpy() >= threshold.coverage
    kept &= hits["fident"].to_numpy() >= threshold.least(hits["alnlen"].to_numpy(np.int32))
    alike = np.zeros((len(table), len(table)), bool)
    alike[hits["query"][kept], hits["target"][kept]] = True
    return alike | alike.T


def straddling(alike, roles):
    """Pairs alike of which one record tests, and one trains or validates, by fold."""
    return [
        int(alike[np.ix_(roles[:, k] == "test", np.isin(roles[:, k], ROLES[:2]))].sum())
        for k in range(roles.shape[1])
    ]


@pytest.fixture(scope="module")
def alike_peptides(acp, tmp_path_factory):
    hits = search_again(acp, tmp_path_factory.mktemp("again"))
    return {
        threshold: alike_among(acp, hits, threshold)
        for threshold in (Threshold(0.4, 0.8, True), Threshold(0.4, 0.8), Threshold(0.4, 0.5))
    }


def test_no_splice_pair_straddles_where_random_folds_have_hundreds(splice, tmp_path):
    folds, leaks = split(splice, tmp_path)
    threshold = threshold_of(splice.alphabet, FoldsConfig())
    alike = alike_among(splice, search_again(splice, tmp_path), threshold)
    assert np.triu(alike, 1).sum() > 600
    assert straddling(alike, folds.roles) == [0] * 5
    for k in range(5):
        for code in range(3):
            tested = ((splice.targets == code) & (folds.roles[:, k] == "test")).sum()
            assert abs(tested - (splice.targets == code).sum() / 5) <= 2
    sums = leaks.groupby("grouping")[["tested", "identical", "similar", "excluded"]].sum()
    assert sums.loc["homology"].tolist() == [len(splice), 0, 0, 0]
    assert sums.loc["none", "identical"] > 200
    assert sums.loc["none", "similar"] > sums.loc["none", "identical"] + 200

    split_table(
        splice,
        tmp_path / "random.parquet",
        FoldsConfig(count=5, validation_fraction=0.1, seed=1, grouping="none"),
    )
    random = read_folds(tmp_path / "random.parquet", splice)
    touched = 0
    for k in range(5):
        test = random.roles[:, k] == "test"
        touched += int(alike[np.ix_(test, ~test)].any(axis=1).sum())
    # the table counts the very folds that 'none' deals; one search finds a little more
    assert sums.loc["none", "similar"] == pytest.approx(touched, abs=5)


def test_no_peptide_pair_straddles_in_any_repeat(acp, alike_peptides, tmp_path):
    folds, leaks = split(acp, tmp_path, repeats=2)
    # no alignment is as long as those of fragments
    threshold = threshold_of(acp.alphabet, FoldsConfig(overlaps=False))
    alike = alike_peptides[threshold]
    assert straddling(alike, folds.roles) == [0] * 10
    assert set(folds.roles.ravel()) == set(ROLES)
    homology = leaks[leaks["grouping"] == "homology"]
    assert homology["fold"].tolist() == list(range(10))
    assert homology["tested"].sum() == 2 * len(acp)
    for repeat in (slice(0, 5), slice(5, 10)):
        assert ((folds.roles[:, repeat] == "test").sum(axis=1) == 1).all()
    first, second = (folds.roles[:, part].argsort(axis=1) for part in (slice(0, 5), slice(5, 10)))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("coverage", [0.8, 0.5])
def test_one_chain_of_half_the_peptides_is_cut_without_a_pair_straddling(
    acp, alike_peptides, tmp_path, capsys, coverage
):
    threshold = Threshold(0.4, coverage)
    settings = {"count": 4, "coverage": coverage, "length_correction": False, "overlaps": False}
    folds, leaks = split(acp, tmp_path, **settings)
    assert "contained too many records for 4 folds and were cut" in capsys.readouterr().err
    alike = alike_peptides[threshold]
    roles = folds.roles
    assert straddling(alike, roles) == [0] * 4
    for k in range(4):
        validation, train = roles[:, k] == "validation", roles[:, k] == "train"
        assert not alike[np.ix_(validation, train)].any()
        # left out is only what is alike a record that tests or validates
        excluded = roles[:, k] == "excluded"
        assert alike[np.ix_(excluded, validation | (roles[:, k] == "test"))].any(axis=1).all()
        for code in (0, 1):
            tested = ((acp.targets == code) & (roles[:, k] == "test")).sum()
            assert tested == pytest.approx((acp.targets == code).sum() / 4, rel=0.1)
    # nothing is lost: every record is tested once
    assert ((roles == "test").sum(axis=1) == 1).all()
    own = leaks[leaks["grouping"] == "homology"]
    assert own["similar"].tolist() == [0] * 4
    assert own["excluded"].tolist() == (roles == "excluded").sum(axis=0).tolist()
    assert own["excluded"].sum() > 0


def test_a_chain_is_cut_where_it_is_thin():
    """Two cliques joined by one weak pair: the cut goes through that pair."""
    first, second = np.triu_indices(20, 1)
    a = np.concatenate([first, first + 20, [0]])
    b = np.concatenate([second, second + 20, [20]])
    identity = np.full(len(a), 0.9, np.float32)
    identity[-1] = 0.5
    strata = np.zeros(100, np.int64)
    group, cut = cut_components(strata, np.arange(100), a, b, identity, folds=2)
    # 40 of 100 are no more than three quarters
    assert cut == 0
    assert len(set(group[:40])) == 1
    group, cut = cut_components(strata[:60], np.arange(60), a, b, identity, folds=3)
    assert cut == 1
    assert set(group[:20]).isdisjoint(group[20:40])


def write_leaky(folder):
    """A given split: half of the peptides train, the rest test, with two copies and a relative."""
    sources = []
    rng = np.random.default_rng(0)
    for label in "ab":
        for role in ("train", "test"):
            lines = []
            for i in range(12):
                text = "".join(rng.choice(list("ACDEFGHIKLMNPQRSTVWY"), 25))
                lines.append((f"{label}{role}{i}", text))
            sources.append((label, role, lines))
    kept = {(label, role): lines for label, role, lines in sources}
    kept["a", "test"][0] = ("copy", kept["a", "train"][0][1])
    changed = kept["b", "train"][3][1]
    kept["b", "test"][0] = ("relative", "W" + changed[1:20] + "W" + changed[21:])
    result = []
    for label, role, lines in sources:
        path = folder / f"{label}.{role}.fa"
        path.write_text("".join(f">{name}\n{text}\n" for name, text in lines))
        result.append(Source(path, label, split=role))
    return result


def test_leaks_of_a_given_split_are_counted_and_left_out_where_asked(tmp_path, capsys):
    table = encode(tmp_path, write_leaky(tmp_path), alphabet="protein")
    folds, leaks = split(table, tmp_path)
    assert leaks[["grouping", "tested", "identical", "similar"]].to_numpy().tolist() == [
        ["given", 24, 1, 2]
    ]
    assert leaks[["overlapping", "stretch"]].to_numpy().tolist() == [[2, 7]]
    assert (folds.fold == 0).sum() == 24

    folds, leaks = split(table, tmp_path, exclude_leaking=True)
    gone = folds.roles[:, 0] == "excluded"
    assert [name for name, out in zip(table.ids, gone, strict=True) if out] == ["copy", "relative"]
    columns = ["tested", "identical", "similar", "overlapping", "excluded"]
    assert leaks[columns].to_numpy().tolist() == [[22, 0, 0, 0, 2]]
    assert (folds.fold[gone] == -1).all()
    assert "2 test records are left out" in capsys.readouterr().err


def test_windows_that_overlap_leak_only_where_overlaps_is_false(tmp_path, capsys):
    """As in a public set of promoters: half of the negatives overlap, and none is alike."""
    rng = np.random.default_rng(7)
    genome = "".join(rng.choice(list("ACGT"), 2000))
    for name in "ab":
        cut = [genome[i : i + 57] for i in range(0, 1200, 25)] if name == "b" else []
        cut += ["".join(rng.choice(list("ACGT"), 57)) for _ in range(60)]
        text = "".join(f">{name}{i}\n{text}\n" for i, text in enumerate(cut))
        (tmp_path / f"{name}.fa").write_text(text)
    table = encode(tmp_path, [Source(tmp_path / f"{name}.fa", name) for name in "ab"])
    _, leaks = split(table, tmp_path)
    assert leaks.loc[leaks["grouping"] == "homology", "overlapping"].tolist() == [0] * 5
    folds, leaks = split(table, tmp_path, overlaps=False)
    assert leaks["grouping"].tolist() == ["homology"] * 5 + ["none"] * 5
    assert (leaks["stretch"] == 17).all()
    window = np.array([name.startswith("b") and int(name[1:]) < 48 for name in table.ids])
    place = np.array([int(name[1:]) for name in table.ids])
    wanted = []
    for k in range(5):
        test = folds.roles[:, k] == "test"
        trains = np.isin(folds.roles[:, k], ("train", "validation")) & window
        near = np.abs(place[:, None] - place[None, trains]) == 1
        wanted.append(int((test & window & near.any(axis=1)).sum()))
    own = leaks[leaks["grouping"] == "homology"]
    assert own["overlapping"].tolist() == wanted
    assert own["similar"].sum() == 0 < 20 < sum(wanted)
    said = capsys.readouterr().err
    assert (
        "168 test records in these folds (homology): 0 have a similar sequence in training, 0 an "
        f"identical one, and {sum(wanted)} one that shares a stretch of at least 17 residues"
    ) in said
    random = leaks[leaks["grouping"] == "none"]
    assert random["overlapping"].sum() > 20


def test_column_needs_groups(acp, tmp_path):
    with pytest.raises(InputError, match="grouping is 'column', but no record has a group"):
        split(acp, tmp_path, grouping="column")


def test_without_mmseqs_homology_says_what_to_do_and_duplicates_go_on(
    acp, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("bioseqrnn.similarity.mmseqs.importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"or set folds\.grouping to 'duplicates'"):
        split(acp, tmp_path)
    _, leaks = split(acp, tmp_path, grouping="duplicates")
    assert leaks["similar"].isna().all()
    assert "similar sequences are not counted: MMseqs2 is not installed" in capsys.readouterr().err


def test_random_folds_warn_and_ignore_groups_and_copies(tmp_path, capsys):
    records = "".join(f">{i}\n{'ACGT' * 5}{'ACGT'[i % 4]}\n" for i in range(40))
    (tmp_path / "x.fa").write_text(records)
    rows = "".join(f"{i}\t{'ab'[i % 2]}\tone\n" for i in range(40))
    (tmp_path / "labels.tsv").write_text("id\tlabel\tgroup\n" + rows)
    table = encode(tmp_path, [Source(tmp_path / "x.fa", labels=tmp_path / "labels.tsv")])
    folds, leaks = split(table, tmp_path, grouping="none")
    assert "WARNING: dataset: grouping is 'none'" in capsys.readouterr().err
    assert len(set(folds.groups)) == 40
    assert leaks["grouping"].tolist() == ["none"] * 5
    assert (leaks["identical"] == leaks["tested"]).all()


def test_a_chain_along_a_genome_is_cut_into_many_small_parts():
    """Each record is related to the next two; few pairs are lost however small the parts are."""
    place = np.arange(5000)
    first = np.concatenate([place[:-1], place[:-2]])
    second = np.concatenate([place[1:], place[2:]])
    closeness = np.repeat(np.array([0.5, 0.25], np.float32), [4999, 4998])
    strata = place % 2
    group, cut = cut_components(strata, place, first, second, closeness, folds=5)
    assert cut == 1
    sizes = np.bincount(group)
    assert len(sizes) >= 50
    assert sizes.max() <= 0.1 * 1000
    # parts are runs of neighbours
    assert (np.diff(group) != 0).sum() == len(sizes) - 1
