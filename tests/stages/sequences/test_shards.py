"""Shards put together are the table that one job writes: bytes, metadata, audit."""

from __future__ import annotations

import gzip
import json
import random
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from conftest import RESOURCES, encode

from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.fasta.blocks import Shard
from bioseqrnn.fasta.sources import Source
from bioseqrnn.stages.sequences import shards
from bioseqrnn.stages.sequences.shards import encode_shard, gather_shards, parse_shard
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.sequences import read_sequences

COUNTS = (1, 2, 3, 7, 50)


def letters(rng, length, alphabet="ACGT"):
    return "".join(rng.choices(alphabet, k=length))


def write_fasta(path, names, *, seed=1, title="", width=23, alphabet="ACGT", longest=90, end="\n"):
    """Records of any length, wrapped, with comments, blank lines and lower case among them."""
    rng = random.Random(seed)
    lines = ["; a comment"]
    for name in names:
        text = letters(rng, rng.randint(30, longest), alphabet)
        lines.append(f">{name}{title.format(rng.randint(0, 2))}")
        lines += [text[i : i + width] for i in range(0, len(text), width)]
        lines += [["", "; comment", letters(rng, 9).lower(), " ACGT "][rng.randint(0, 3)]]
    data = end.join(lines)
    path.write_bytes(gzip.compress(data.encode()) if path.suffix == ".gz" else data.encode())
    return path


def names(letter, count):
    return [f"{letter}{i}" for i in range(count)]


def plain(folder):
    sources = [
        Source(write_fasta(folder / "a.fa", names("a", 40)), "x"),
        Source(write_fasta(folder / "b.fa.gz", names("b", 9), seed=2), "y", group="g"),
        Source(write_fasta(folder / "c.fa", names("c", 25), seed=3), "x"),
    ]
    return sources, {"strands": "both", "positive": "x"}


def windows_lines(folder):
    sources = [
        Source(write_fasta(folder / "a.fa", names("a", 40), end="\r\n"), "x"),
        Source(write_fasta(folder / "b.fa", names("b", 20), end="\r"), "y"),
    ]
    return sources, {}


def splits(folder):
    roles = ("train", "validation", "test", "test")
    sources = [
        Source(write_fasta(folder / f"{k}.fa", names(k, 8), seed=i), "xy"[i % 2], split=roles[i])
        for i, k in enumerate("abcd")
    ]
    return sources, {}


def labels_tsv(folder):
    rng = random.Random(4)
    rows = [f"{n}\t{rng.choice('xyz')}\t{rng.choice(['', 'g', 'h'])}" for n in names("a", 60)]
    rng.shuffle(rows)
    text = "\n".join(["id\tlabel\tgroup", "spare\tunused\t", *rows, "more\tx\t"])
    (folder / "labels.tsv").write_text(text)
    fasta = write_fasta(folder / "a.fa", names("a", 50))
    gz = write_fasta(folder / "b.fa.gz", names("a", 60)[50:])
    return [Source(path, labels=folder / "labels.tsv") for path in (fasta, gz)], {}


def headers(folder):
    fasta = write_fasta(folder / "a.fa", names("a", 50), title=" | kind=k{};")
    return [Source(fasta, label_key="kind")], {"ids": "header", "classes": ["k2", "k0", "k1"]}


def multilabel(folder):
    fasta = write_fasta(folder / "a.fa", names("a", 50), title=" terms=t{0},u,t{0}")
    return [Source(fasta, label_key="terms")], {"task": "multilabel", "label_separator": ","}


def regression(folder):
    fasta = write_fasta(folder / "a.fa", names("a", 30), title=" y={}.25")
    other = write_fasta(folder / "b.fa", names("b", 10))
    return [Source(fasta, label_key="y"), Source(other, "1e-3")], {"task": "regression"}


def proteins(folder):
    alphabet = "ACDEFGHIKLMNPQRSTVWYX"
    sources = [
        Source(write_fasta(folder / f"{k}.fa", names(k, 30), seed=i, alphabet=alphabet), k)
        for i, k in enumerate("ab")
    ]
    return sources, {"alphabet": "protein"}


def three_lines(folder):
    rng = random.Random(5)
    lines = []
    for name in names("a", 60):
        text = letters(rng, rng.randint(1, 60), "ACDEFGHIKLMNPQRSTVWY")
        lines += [f">{name}", text, letters(rng, len(text), "HEC")]
    (folder / "a.txt").write_text("\n".join(lines))
    return [Source(folder / "a.txt")], {"task": "per_position"}


def genome(folder):
    rng = random.Random(6)
    lines = [letters(rng, 60) for _ in range(200)]
    (folder / "genome.fa").write_text("\n".join([">chr1", *lines, ">chr2", *lines[:50]]) + "\n")
    return folder / "genome.fa"


def intervals(folder):
    fasta = genome(folder)
    rows = [f"chr1\t{100 * i}\t{100 * i + 50 + i}\tn\t0\t{'+-'[i % 2]}" for i in range(40)]
    (folder / "some.bed").write_text("\n".join(rows))
    table = "label\tend\tstart\tchrom\tgroup\n" + "p\t200\t100\tchr2\tg\nq\t300\t250\tchr2\t\n"
    (folder / "others.tsv").write_text(table)
    sources = [
        Source(fasta, "site", intervals=folder / "some.bed"),
        Source(write_fasta(folder / "a.fa", names("a", 20)), "x"),
        Source(fasta, intervals=folder / "others.tsv"),
    ]
    return sources, {"window": 40}


def shuffled(folder):
    sources, _ = plain(folder)
    return sources, {"negatives": {"method": "shuffle", "per_positive": 2}}


def from_genome(folder):
    sources = [
        Source(write_fasta(folder / "a.fa", names("a", 20)), "x"),
        Source(genome(folder), "x", intervals=folder / "some.bed"),
    ]
    (folder / "some.bed").write_text("chr1\t100\t200\nchr2\t5\t90\n")
    return sources, {"negatives": {"method": "genome", "genome": str(folder / "genome.fa")}}


def long_record(folder):
    rng = random.Random(7)
    text = f">short\nACGT\n>long\n{letters(rng, 5000)}\n>last\nAC\n"
    (folder / "a.fa").write_text(text)
    return [Source(folder / "a.fa", "x"), Source(write_fasta(folder / "b.fa", ["b"]), "y")], {}


DATASETS = (
    plain, windows_lines, splits, labels_tsv, headers, multilabel, regression, proteins,
    three_lines, intervals, shuffled, from_genome, long_record,
)  # fmt: skip


def encode_in(folder: Path, sources, count, **options) -> list[Path]:
    paths = [folder / f"{i + 1}-of-{count}.parquet" for i in range(count)]
    for i, path in enumerate(paths):
        encode_shard(sources, path, Shard(i, count), options=DatasetOptions(**options))
    return paths


def gather(folder: Path, paths, **options):
    gather_shards(
        paths,
        folder / "sequences.parquet",
        folder / "intake.tsv",
        options=DatasetOptions(**options),
    )
    return read_sequences(folder / "sequences.parquet")


@pytest.mark.parametrize("make", DATASETS, ids=lambda f: f.__name__)
def test_the_gathered_table_is_the_unsharded_one(tmp_path, make, monkeypatch):
    # batches and row groups of a few records
    monkeypatch.setattr("bioseqrnn.fasta.blocks.BLOCK_BYTES", 300)
    monkeypatch.setattr("bioseqrnn.fasta.stream.BATCH_RESIDUES", 200)
    monkeypatch.setattr("bioseqrnn.onehot.row_groups.GROUP_BYTES", 400)
    sources, options = make(tmp_path)
    whole = tmp_path / "whole"
    table = encode(whole, sources, **options)
    assert len(table) >= 4
    for count in COUNTS:
        parts = tmp_path / str(count)
        paths = encode_in(parts, sources, count, **options)
        assert gather(parts, paths[::-1], **options).ids == table.ids
        for name in ("sequences.parquet", "intake.tsv"):
            assert (parts / name).read_bytes() == (whole / name).read_bytes(), (count, name)


def test_shards_of_bundled_data_hold_the_work_evenly(tmp_path):
    sources = [Source(RESOURCES / "splice" / f"{c}.fa", c) for c in ("EI", "IE", "N")]
    whole = encode(tmp_path / "whole", sources)
    paths = encode_in(tmp_path, sources, 4)
    rows = [read_state(path)["row_groups"] for path in paths]
    assert all(len(groups) == 4 for groups in rows)
    gather(tmp_path, paths)
    ours, theirs = tmp_path / "sequences.parquet", tmp_path / "whole" / "sequences.parquet"
    assert ours.read_bytes() == theirs.read_bytes()
    sizes = [path.stat().st_size for path in paths]
    assert max(sizes) < 1.2 * min(sizes)
    assert len(whole) == 3126


def read_state(path):
    import pyarrow.parquet as pq

    return json.loads(pq.read_metadata(path).metadata[b"bioseqrnn"])


@pytest.fixture
def parts(tmp_path):
    sources, _ = plain(tmp_path)
    return sources, encode_in(tmp_path, sources, 3)


def refused(folder, paths, **options):
    with pytest.raises(InputError) as caught:
        gather(folder / "out", paths, **options)
    assert not list((folder / "out").glob("*"))
    return str(caught.value)


def test_a_missing_shard_and_one_given_twice(parts, tmp_path):
    _, (one, two, three) = parts
    assert refused(tmp_path, [three, one]) == (
        "dataset: shards [1, 3] of 3 are given; give every shard exactly once"
    )
    assert "shards [1, 1, 2, 3] of 3 are given" in refused(tmp_path, [one, two, three, one])


def test_a_shard_of_other_files_options_or_number(parts, tmp_path):
    sources, (one, two, three) = parts
    other = tmp_path / "other"
    fewer = encode_in(other, sources[:2], 3)[1]
    message = refused(tmp_path, [one, fewer, three])
    assert message.startswith(f"{fewer}: belongs to another dataset than {one}, or a file changed")
    assert message.endswith("(sources differ); encode all shards again")
    other = encode_in(other, sources, 3, strands="both")[1]
    assert "(options differ)" in refused(tmp_path, [one, other, three])
    assert "(count differ)" in refused(tmp_path, [one, encode_in(tmp_path, sources, 2)[1], three])
    message = refused(tmp_path, [one, two, three], strands="both")
    assert message == f"{one}: encoded with other options; encode all shards again"


def test_a_file_that_changes_between_shards(parts, tmp_path):
    sources, (one, _, three) = parts
    with sources[0].fasta.open("a") as handle:
        handle.write("\n>new\nACGT\n")
    again = encode_in(tmp_path / "again", sources, 3)[1]
    assert "a file changed between them (files differ)" in refused(tmp_path, [one, again, three])


def test_a_file_that_is_no_shard_or_a_damaged_one(parts, tmp_path):
    sources, (one, two, three) = parts
    encode(tmp_path / "whole", sources)
    whole = tmp_path / "whole" / "sequences.parquet"
    message = refused(tmp_path, [one, whole, three])
    assert message == f"shard {whole}: not written by 'bioseqrnn encode --shard'"
    data = two.read_bytes()
    two.write_bytes(data[: len(data) // 2])
    assert refused(tmp_path, [one, two, three]).startswith(f"shard {two}: not a readable Parquet")
    two.write_bytes(data[:100] + b"\0" * 1000 + data[1100:])
    assert refused(tmp_path, [one, two, three]).startswith(f"shard {two}: not a readable Parquet")
    two.unlink()
    assert refused(tmp_path, [one, two, three]) == f"shard {two}: no such file; check the path"


def test_an_id_that_stands_in_two_shards_is_named_with_its_files(tmp_path):
    fasta, other = tmp_path / "a.fa", tmp_path / "b.fa"
    fasta.write_text(f">1\n{'ACGT' * 50}\n>2\nAC\n>3\n{'ACGT' * 50}\n>1\nGG\n")
    other.write_text(">4\nACGT\n>3\nAC\n")
    sources = [Source(fasta, "x"), Source(other, "y")]
    paths = encode_in(tmp_path, sources, 3)
    assert f"{fasta}: duplicate id '1': it appears in this file twice" in refused(tmp_path, paths)
    fasta.write_text(fasta.read_text().replace(">1\nGG", ">5\nGG"))
    paths = encode_in(tmp_path, sources, 3)
    message = refused(tmp_path, paths)
    assert f"{other}: duplicate id '3': it appears in this file and {fasta}" in message


def test_numbers_of_records_say_where_they_are_counted_from(tmp_path):
    fasta = tmp_path / "a.fa"
    fasta.write_text(">1\nACGT\n>2\nACGT\n>\nAC\n")
    with pytest.raises(InputError, match=r"no id after '>'; give it one \(counted from the first "
                       r"record of part 2 of 2\)$"):  # fmt: skip
        encode_in(tmp_path, [Source(fasta, "x")], 2)
    with pytest.raises(InputError, match=r"record 3 has no id after '>'; give it one$"):
        encode_in(tmp_path, [Source(fasta, "x")], 1)


def test_what_only_the_whole_can_tell(tmp_path):
    write_fasta(tmp_path / "a.fa", names("a", 5))
    paths = encode_in(tmp_path, [Source(tmp_path / "a.fa", "x")], 2)
    assert "only one class ('x')" in refused(tmp_path, paths)
    (tmp_path / "b.fa").write_text("; nothing\n")
    with pytest.raises(InputError, match=r"b\.fa: empty FASTA file"):
        encode_in(tmp_path, [Source(tmp_path / "b.fa", "x"), Source(tmp_path / "a.fa", "y")], 2)
    sources = [Source(tmp_path / "b.fa", "x"), Source(tmp_path / "a.fa", "y")]
    paths = encode_in(tmp_path, sources, 2, alphabet="dna")
    message = refused(tmp_path, paths, alphabet="dna")
    assert message == f"{tmp_path / 'b.fa'}: empty FASTA file (no '>' record)"


def test_spare_labels_are_told_once(tmp_path, capfd):
    sources, _ = labels_tsv(tmp_path)
    gather(tmp_path, encode_in(tmp_path, sources, 3))
    told = [line for line in capfd.readouterr().err.splitlines() if "have no record" in line]
    assert told == [f"{tmp_path / 'labels.tsv'}: 2 labelled ids have no record"]


def test_names_of_shards():
    assert parse_shard("2-of-8") == Shard(1, 8)
    for text in ("0-of-8", "9-of-8", "2/8", "", "2-of-8 "):
        with pytest.raises(
            InputError, match="is not a shard; write the second of eight shards as '2-of-8'"
        ):
            parse_shard(text)


def test_shards_on_the_command_line(cli, tmp_path):
    shutil.copy(RESOURCES / "acp" / "ACP.fa", tmp_path)
    shutil.copy(RESOURCES / "acp" / "Random.fa", tmp_path)
    words = ["encode", "--fasta", "ACP.fa", "--label", "ACP", "--fasta", "Random.fa"]
    words += ["--label", "Random", "--options", '{"positive": "ACP"}']
    assert cli(*words, "--intake", "whole.tsv", "--output", "whole.parquet").code == 0
    for shard in ("1-of-2", "2-of-2"):
        assert cli(*words, "--shard", shard, "--output", f"{shard}.parquet").code == 0
    done = cli("gather", "1-of-2.parquet", "2-of-2.parquet", "--options", '{"positive": "ACP"}',
               "--intake", "intake.tsv", "--output", "gathered.parquet")  # fmt: skip
    assert done.code == 0, done.err
    assert (tmp_path / "gathered.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    assert (tmp_path / "intake.tsv").read_bytes() == (tmp_path / "whole.tsv").read_bytes()
    done = cli(*words, "--shard", "1-of-2", "--intake", "intake.tsv", "--output", "x.parquet")
    assert done.code == 2
    assert done.err == (
        "bioseqrnn: error: --intake is written by 'gather', not with --shard; remove it\n"
    )
    done = cli("encode", "--fasta", "no.fa", "--label", "x", "--options", '{"alphabet": "dna"}',
               "--shard", "1-of-2", "--output", "x.parquet")  # fmt: skip
    assert (done.code, done.err) == (
        2, "bioseqrnn: error: file no.fa: no such file; check the path\n"
    )  # fmt: skip


def test_gathering_holds_one_row_group_at_a_time(tmp_path, monkeypatch):
    """A batch over several row groups would be as large as all of them."""
    monkeypatch.setattr("bioseqrnn.onehot.row_groups.GROUP_BYTES", 300)
    sources, options = plain(tmp_path)
    settings = DatasetOptions(**options)
    encode_shard(sources, tmp_path / "1.parquet", Shard(0, 1), options=settings)
    groups = pq.ParquetFile(tmp_path / "1.parquet").metadata
    largest = max(groups.row_group(i).num_rows for i in range(groups.num_row_groups))
    assert groups.num_row_groups > 5
    part = shards._read_shard(tmp_path / "1.parquet")
    sizes = [len(batch.records) for _, batch in shards._batches([part], len(sources))]
    assert sum(sizes) == groups.num_rows
    assert max(sizes) <= largest
