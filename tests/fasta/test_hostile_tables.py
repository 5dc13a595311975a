"""Tables of strangers: nothing in them fills the memory, and a message stays one short line."""

from __future__ import annotations

import gzip

import pytest

from bioseqrnn.config.checks.labels import labels_in
from bioseqrnn.config.checks.tables import LONGEST_LINE
from bioseqrnn.fasta.intervals import read_intervals
from bioseqrnn.fasta.sources import Source, read_sheet
from bioseqrnn.support.errors import InputError


@pytest.mark.parametrize("where", ["bed", "sheet", "labels"])
def test_a_line_that_would_fill_the_memory_is_refused(tmp_path, where):
    """A few kilobytes of gzip can be one line of any size."""
    path = tmp_path / "giant"
    block = b"a" * 2**20
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(LONGEST_LINE // len(block) + 1):
            file.write(block)
    assert path.stat().st_size < LONGEST_LINE / 100
    if where == "labels":
        # read by the workflow, which does not unpack
        path.write_bytes(gzip.decompress(path.read_bytes()))
    read = {
        "bed": lambda: list(read_intervals(path)),
        "sheet": lambda: list(read_sheet(path)),
        "labels": lambda: labels_in(str(path)),
    }[where]
    with pytest.raises(InputError, match=rf"line 1: is longer than {LONGEST_LINE:,} characters"):
        read()


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("-5", "10", "-5-10 is not an interval"),
        ("9", "9", "9-9 is not an interval"),
        ("1e3", "2e3", "must be whole numbers"),
        ("1_0", "2_0", "must be whole numbers"),
        ("٣", "٩", "must be whole numbers"),
        ("0", "9" * 19, "must be whole numbers"),
        ("0", "9" * 100_000, "must be whole numbers"),
        ("0x1", "0x9", "must be whole numbers"),
    ],
)
def test_coordinates_that_are_none(tmp_path, start, end, said):
    path = tmp_path / "a.bed"
    path.write_text(f"chr1\t{start}\t{end}\tx\n")
    with pytest.raises(InputError, match=f"a.bed: line 1: .*{said}") as error:
        list(read_intervals(path))
    assert len(str(error.value)) < 300 + len(str(path))


def test_intervals_past_the_end_take_no_memory(tmp_path, cli):
    (tmp_path / "g.fa").write_text(">chr1\n" + "ACGT" * 50 + "\n")
    (tmp_path / "a.bed").write_text("chr1\t0\t999999999999999999\tx\n")
    done = cli(
        "encode", "--fasta", "g.fa", "--intervals", "a.bed", "--output", "s.parquet",
        "--intake", "i.tsv",
    )  # fmt: skip
    assert done.code == 2
    assert "extends past the end of the chromosome (200 bases)" in done.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.bed", "g.fa"]


def test_formulas_stay_text_and_paths_stay_inside(tmp_path, cli):
    """Labels and ids that a spreadsheet or a shell would run are written as they are."""
    odd = ("=cmd|'/C calc'!A0", "../../owned", "$(touch owned)", "-rf")
    (tmp_path / "g.fa").write_text(">chr1\n" + "ACGTACCA" * 50 + "\n")
    rows = [f"chr1\t{20 * i}\t{20 * i + 20}\t{label}\n" for i, label in enumerate(odd * 4)]
    (tmp_path / "inner").mkdir()
    (tmp_path / "a.bed").write_text("".join(rows))
    done = cli(
        "encode", "--fasta", "g.fa", "--intervals", "a.bed", "--output", "inner/s.parquet",
        "--intake", "inner/i.tsv",
    )  # fmt: skip
    assert done.code == 0, done.err
    names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*"))
    assert names == ["a.bed", "g.fa", "inner", "inner/i.tsv", "inner/s.parquet"]
    assert Source(tmp_path / "g.fa", odd[0]).label == odd[0]
