"""Long records cut into blocks as they are encoded."""

from __future__ import annotations

import re

import numpy as np
import pytest
from conftest import encode, write_exons
from hypothesis import given
from hypothesis import strategies as st

from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.fasta.pieces import block_ends
from bioseqrnn.fasta.sources import Source
from bioseqrnn.fasta.three_line import read_three_line
from bioseqrnn.onehot.alphabet import DNA
from bioseqrnn.onehot.decoding import letters
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.stages.sequences.shards import encode_shard, gather_shards, parse_shard
from bioseqrnn.support.errors import InputError

OPTIONS = {"task": "per_position", "alphabet": "dna"}


@given(st.integers(1, 10_000), st.integers(2, 500))
def test_blocks_are_few_and_equal(length, block):
    ends = block_ends(length, block)
    sizes = np.diff(ends, prepend=0)
    assert ends[-1] == length
    assert (ends[:-1] % 2 == 0).all()
    assert 0 < sizes.min() <= sizes.max() <= block
    if length > block:
        assert len(ends) == -(-length // (block - block % 2))
        assert sizes.max() - sizes.min() <= 3


def three_lines(path):
    lines = path.read_text().split()
    return list(zip(lines[::3], lines[1::3], lines[2::3], strict=True))


@pytest.mark.parametrize("block", [2, 100, 101, 180, 400])
def test_blocks_put_together_are_the_record(tmp_path, block):
    """Bases and labels; no block is lost, none shares a base with another."""
    records = three_lines(write_exons(tmp_path / "a.txt", 3, 3))
    odd = [(head, bases[:-1], labels[:-1]) for head, bases, labels in records[:1]] + records[1:]
    (tmp_path / "a.txt").write_text("\n".join("\n".join(record) for record in odd) + "\n")
    table = encode(tmp_path, [Source(tmp_path / "a.txt")], block=block, **OPTIONS)
    bases = list(letters(table.packed, np.arange(len(table)), table.alphabet))
    labels = table.task.column(table.targets, table.classes).to_pylist()
    assert table.metadata["block"] == block
    row = 0
    for head, whole, classes in odd:
        place = 0
        while place < len(whole):
            end = place + int(table.lengths[row])
            name = f"{head[1:]}:{place}-{end}" if len(whole) > block else head[1:]
            assert table.ids[row] == name
            assert bases[row] == whole[place:end]
            assert labels[row] == classes[place:end]
            place, row = end, row + 1
    assert row == len(table)


def test_proteins_are_cut_between_bytes(tmp_path):
    """Twenty bits a residue: two are five bytes."""
    (tmp_path / "a.txt").write_text(">p\nMKLVWYACDEF\nHHHHEEEECCC\n")
    table = encode(
        tmp_path, [Source(tmp_path / "a.txt")], task="per_position", alphabet="protein", block=5
    )
    assert table.ids == ["p:0-4", "p:4-8", "p:8-11"]
    assert list(letters(table.packed, np.arange(3), table.alphabet)) == ["MKLV", "WYAC", "DEF"]
    assert table.task.column(table.targets, table.classes).to_pylist() == ["HHHH", "EEEE", "CCC"]


def test_shards_give_the_same_blocks(tmp_path):
    source = [Source(write_exons(tmp_path / "a.txt", 6, 3))]
    options = DatasetOptions(block=64, **OPTIONS)
    encode(tmp_path, source, block=64, **OPTIONS)
    paths = [tmp_path / f"{place}.parquet" for place in (1, 2)]
    for place, path in enumerate(paths, start=1):
        encode_shard(source, path, parse_shard(f"{place}-of-2"), options=options, where="dataset")
    gather_shards(
        paths, tmp_path / "gathered.parquet", tmp_path / "gathered.tsv", options=options,
        where="dataset",
    )  # fmt: skip
    whole, gathered = tmp_path / "sequences.parquet", tmp_path / "gathered.parquet"
    assert gathered.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("seed", range(6))
def test_long_records_are_read_in_parts(tmp_path, monkeypatch, seed):
    """Whatever a part is cut at: the same records, bit for bit, and the same complaints."""
    rng = np.random.default_rng(seed)
    text = ""
    for number in range(12):
        length = int(rng.choice([1, 2, 7, 90, 400]))
        bases = "".join(rng.choice(list("ACGTN-"), length)) + "A"
        labels = "".join(rng.choice(list("EIN>"), len(bases) - bases.count("-")))
        blank = "\n" * int(rng.integers(1, 3))
        text += f">r{number} note{blank}{bases}\n{labels.replace('>', 'E')}{blank}"
    # another count of labels at the very end
    texts = {"good": text, "few": text.rstrip() + "EE\n", "four": text + "ACGT\n"}

    def read(name):
        path = tmp_path / f"{name}.txt"
        path.write_text(texts[name])
        try:
            parts = list(read_three_line(path, DNA))
        except InputError as error:
            return str(error)
        packed = Packed.join([records.packed for records, _ in parts])
        ids = [name for records, _ in parts for name in records.ids.to_pylist()]
        gaps = sum(records.conversions.gaps for records, _ in parts)
        labels = [label for _, own in parts for label in own]
        return ids, packed.data.tobytes(), packed.lengths.tolist(), labels, gaps

    whole = {name: read(name) for name in texts}
    assert [type(whole[name]) for name in texts] == [tuple, str, str]
    monkeypatch.setattr("bioseqrnn.fasta.blocks.BLOCK_BYTES", 16)
    monkeypatch.setattr("bioseqrnn.fasta.blocks.PART_BYTES", 40)
    assert {name: read(name) for name in texts} == whole


def test_opposite_classes_are_checked(tmp_path):
    source = [Source(write_exons(tmp_path / "a.txt", 2, 3))]
    table = encode(tmp_path, source, opposite={"E": "I"}, **OPTIONS)
    assert table.metadata["opposite"] == {"E": "I", "I": "E"}
    for opposite, message in (
        ({"E": "F"}, "opposite class 'F' is unknown (known: E, I, N)"),
        ({"E": "I", "I": "N"}, "'opposite' gives class 'N' two opposite classes"),
    ):
        with pytest.raises(InputError, match=re.escape(message)):
            encode(tmp_path, source, opposite=opposite, **OPTIONS)
