"""Folds of windows of a genome, which their coordinates keep together where letters do not."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest
from conftest import encode

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.stages.sequences.shards import encode_shard, gather_shards, parse_shard
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.folds import read_folds
from bioseqrnn.tables.sequences import read_sequences


@pytest.fixture
def rng():
    return np.random.default_rng(8)


def write_genome(folder, rng, sizes):
    folder.mkdir(exist_ok=True)
    path = folder / "genome.fa"
    path.write_text(
        "".join(f">{name}\n{''.join(rng.choice(list('ACGT'), n))}\n" for name, n in sizes.items())
    )
    return path


def write_intervals(path, rows):
    """Rows of chromosome, start, end; named by their numbers, in two classes that alternate."""
    lines = [f"{c}\t{s}\t{e}\t{'ab'[i % 2]}\tw{i}\n" for i, (c, s, e) in enumerate(rows)]
    path.write_text("chrom\tstart\tend\tlabel\tid\n" + "".join(lines))
    return path


def split(table, folder, **options):
    config = FoldsConfig(**{"seed": 1} | options)
    split_table(table, folder / "folds.parquet", config, leaks=folder / "leaks.tsv")
    return read_folds(folder / "folds.parquet", table)


def together(folds, places):
    """Sets of records that share a group, as starts of their intervals."""
    found = {}
    for group, place in zip(folds.groups.tolist(), places, strict=True):
        found.setdefault(group, []).append(place)
    return {tuple(sorted(places)) for places in found.values() if len(places) > 1}


def test_intervals_that_overlap_or_are_near_share_a_group(rng, tmp_path):
    genome = write_genome(tmp_path, rng, {"chr1": 30_000, "chr2": 30_000})
    # pairs that overlap by 8, touch, and are 40 apart; too little for a shared stretch to be found
    starts = [start for k in range(0, 30_000, 3000) for start in (k, k + 92, k + 1000, k + 1100)]
    starts += [start for k in range(0, 30_000, 3000) for start in (k + 2000, k + 2140)]
    rows = [("chr1", start, start + 100) for start in starts] + [("chr2", 0, 100)]
    intervals = write_intervals(tmp_path / "windows.tsv", rows)
    table = encode(tmp_path, [Source(genome, intervals=intervals)])
    chroms, places = table.places
    assert chroms.tolist() == [0] * len(starts) + [1]
    assert places.tolist() == [*starts, 0]
    overlap = {(k, k + 92) for k in range(0, 30_000, 3000)}
    touching = {(k + 1000, k + 1100) for k in range(0, 30_000, 3000)}
    apart = {(k + 2000, k + 2140) for k in range(0, 30_000, 3000)}
    assert together(split(table, tmp_path, overlaps=False), places.tolist()) == set()
    assert together(split(table, tmp_path), places.tolist()) == overlap
    for distance, wanted in ((1, overlap | touching), (40, overlap | touching),
                             (41, overlap | touching | apart)):  # fmt: skip
        folds = split(table, tmp_path, interval_distance=distance)
        assert together(folds, places.tolist()) == wanted


def test_a_chromosome_tiled_with_windows_is_cut_and_no_neighbours_straddle(rng, tmp_path):
    genome = write_genome(tmp_path, rng, {"chr1": 40_000})
    # neighbours have 5 bases in common, which no search for stretches finds
    rows = [("chr1", start, start + 100) for start in range(0, 39_900, 95)]
    order = rng.permutation(len(rows))
    intervals = write_intervals(tmp_path / "windows.tsv", [rows[i] for i in order])
    table = encode(tmp_path, [Source(genome, intervals=intervals)])
    roles = split(table, tmp_path).roles[np.argsort(order)]
    for column in roles.T:
        pairs = set(zip(column[:-1].tolist(), column[1:].tolist(), strict=True))
        for one, other in (("train", "test"), ("validation", "test"), ("train", "validation")):
            assert not {(one, other), (other, one)} & pairs
        assert 0 < (column == "excluded").sum() < 0.2 * len(column)
    assert ((roles == "test").sum(axis=1) == 1).all()


def test_chromosomes_of_two_genomes_are_different_ones(rng, tmp_path):
    sources = []
    for name in "xy":
        genome = write_genome(tmp_path / name, rng, {"chr1": 9000})
        rows = [("chr1", start, start + 100) for start in range(0, 9000, 300)]
        intervals = write_intervals(tmp_path / f"{name}.tsv", rows)
        text = intervals.read_text().replace("\tw", f"\t{name}")
        intervals.write_text(text)
        sources.append(Source(genome, intervals=intervals))
    table = encode(tmp_path, sources)
    assert table.places[0].tolist() == [0] * 30 + [1] * 30
    assert len(set(split(table, tmp_path).groups)) == 60
    names = pq.read_table(tmp_path / "sequences.parquet")["chrom"].unique().to_pylist()
    assert names == [f"{source.fasta}:chr1" for source in sources]


def test_places_of_records_made_negatives_and_shards(rng, tmp_path):
    genome = write_genome(tmp_path, rng, {"chr:1": 20_000})
    rows = [("chr:1", start, start + 60) for start in range(0, 6000, 300)]
    lines = "".join(f"{c}\t{s}\t{e}\tpeak\n" for c, s, e in rows)
    (tmp_path / "peaks.bed").write_text(lines)
    (tmp_path / "more.fa").write_text(f">m1\n{'ACGTTGCA' * 5}\n>m2\n{'AACCGTGA' * 5}\n")
    sources = [
        Source(genome, intervals=tmp_path / "peaks.bed"), Source(tmp_path / "more.fa", "peak"),
    ]  # fmt: skip
    options = {"negatives": {"method": "genome", "genome": str(genome)}}
    table = encode(tmp_path, sources, **options)
    chroms, starts = table.places
    assert chroms.tolist() == [0] * 20 + [-1] * 2 + [0] * 22
    assert starts[:20].tolist() == [start for _, start, _ in rows]
    text = genome.read_text().split("\n")[1]
    complement = str.maketrans("ACGT", "TGCA")
    from bioseqrnn.onehot.decoding import letters

    made = list(letters(table.packed, np.arange(22, 44), table.alphabet))
    for name, start, window in zip(table.ids[22:], starts[22:].tolist(), made, strict=True):
        found = text[start : start + len(window)]
        assert window == (found[::-1].translate(complement) if name.endswith("(-)") else found)

    from bioseqrnn.config.datasets import DatasetOptions

    given = DatasetOptions(**options)
    parts = []
    for part in ("1-of-2", "2-of-2"):
        parts.append(tmp_path / f"{part}.parquet")
        encode_shard(sources, parts[-1], parse_shard(part), options=given)
    gather_shards(parts, tmp_path / "joined.parquet", tmp_path / "joined.tsv", options=given)
    whole, joined = tmp_path / "sequences.parquet", tmp_path / "joined.parquet"
    assert joined.read_bytes() == whole.read_bytes()


def test_a_start_that_no_chromosome_has_is_refused(rng, tmp_path):
    genome = write_genome(tmp_path, rng, {"chr1": 9000})
    rows = [("chr1", start, start + 100) for start in range(0, 9000, 300)]
    table = encode(tmp_path, [Source(genome, intervals=write_intervals(tmp_path / "w.tsv", rows))])
    del table
    path = tmp_path / "sequences.parquet"
    found = pq.read_table(path)
    place = found.schema.get_field_index("start")
    changed = found.set_column(place, "start", [[-1] + [2**40] * 29])
    pq.write_table(changed, path)
    with pytest.raises(InputError, match="row 1: its 'start' is not a place on a chromosome"):
        read_sequences(path).places  # noqa: B018
