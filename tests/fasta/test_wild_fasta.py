"""Every row of the tables in docs/fasta.md, and where a bad letter stands, whatever the layout."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, pack
from fasta_cases import ACCEPTED, ACCEPTED_PROTEIN, REFUSED, bgzip, zstd
from fasta_oracle import read_all, residues

from bioseqrnn.config.checks.files import COMPRESSED_ENDINGS, FASTA_ENDINGS
from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.fasta import blocks as fasta
from bioseqrnn.fasta.blocks import sample_residues
from bioseqrnn.fasta.conversions import COUNTS
from bioseqrnn.fasta.records import read_records
from bioseqrnn.fasta.sources import Source, find_fasta
from bioseqrnn.onehot.alphabet import DNA, PROTEIN, guess_alphabet
from bioseqrnn.stages.sequences.run import encode_sequences
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.sequences import read_sequences

SECOND = {"dna": ">the-other-file\nACGT\n", "protein": ">the-other-file\nMKWE\n"}
COLUMNS = [*COUNTS, "ambiguous_residues", "ambiguity_codes"]


def encode_one(folder: Path, path: Path, alphabet: str, **options):
    """Encode a file with label x and a tiny second one with label y: (ids, sequences, counts)."""
    second = folder / "y.fa"
    second.write_text(SECOND[alphabet])
    out, audit = folder / "sequences.parquet", folder / "intake.tsv"
    encode_sequences(
        [Source(path, "x"), Source(second, "y")],
        out,
        audit,
        options=DatasetOptions(alphabet=alphabet, **options),
    )
    table = read_sequences(out)
    row = pd.read_csv(audit, sep="\t", keep_default_na=False).to_dict("records")[0]
    assert row["records"] == len(table) - 1
    assert row["residues"] == table.lengths[:-1].sum()
    counts = {name: row[name] for name in COLUMNS if row[name]}
    return table.ids[:-1], residues(table.packed, table.alphabet)[:-1], counts


def encode_bytes(folder: Path, data: bytes, alphabet: str = "dna", name="x.fa", **options):
    path = folder / name
    path.write_bytes(data)
    return encode_one(folder, path, alphabet, **options)


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted_dna(tmp_path, name):
    data, expected, counts = ACCEPTED[name]
    ids, sequences, counted = encode_bytes(tmp_path, data)
    assert dict(zip(ids, sequences, strict=True)) == expected
    assert counted == counts


@pytest.mark.parametrize("name", ACCEPTED_PROTEIN)
def test_accepted_protein(tmp_path, name):
    data, expected, counts = ACCEPTED_PROTEIN[name]
    assert encode_bytes(tmp_path, data, "protein") == (["a"], [expected], counts)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(tmp_path, name):
    data, message = REFUSED[name]
    with pytest.raises(InputError) as caught:
        encode_bytes(tmp_path, data)
    text = str(caught.value).removeprefix(f"{tmp_path / 'x.fa'}: ")
    assert text == message or (message.endswith("(") and text.startswith(message))
    assert not (tmp_path / "sequences.parquet").exists()
    assert not (tmp_path / "intake.tsv").exists()


@pytest.mark.parametrize(
    ("sequence", "position", "letter"),
    [(b"MK*WE", 3, "*"), (b"MK**", 3, "*"), (b"MK-*-*", 4, "*"), (b"MK1*", 3, "1")],
)
@pytest.mark.parametrize("part", [32, 1 << 21])
def test_refused_protein(tmp_path, monkeypatch, sequence, position, letter, part):
    monkeypatch.setattr(fasta, "BLOCK_BYTES", 3 if part == 32 else 1 << 17)
    monkeypatch.setattr(fasta, "PART_BYTES", part)
    with pytest.raises(
        InputError, match=rf"record 'a', position {position}: '{re.escape(letter)}'"
    ):
        encode_bytes(tmp_path, b">a\n" + sequence + b"\n", "protein")


def test_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "x.fa")
    with pytest.raises(InputError, match=r"x\.fa: is a pipe or device, which cannot be read twice"):
        encode_one(tmp_path, tmp_path / "x.fa", "dna")


def test_a_folder_or_a_glob(tmp_path):
    names = [f"x{ending}{z}" for ending in FASTA_ENDINGS for z in ("", *COMPRESSED_ENDINGS)]
    for name in (*names, "X.FA.GZ", ".hidden.fa", "notes.txt", "x.fa.fai", "x.gz", "x[1].fa"):
        (tmp_path / name).touch()
    found = [path.name for path in find_fasta(str(tmp_path))]
    assert found == sorted([*names, "X.FA.GZ", "x[1].fa"])
    assert [path.name for path in find_fasta(f"{tmp_path}/x.f?a")] == [
        "x.faa", "x.fna", "x.fsa",
    ]  # fmt: skip
    # a name that looks like a glob, but is one of a file
    assert find_fasta(f"{tmp_path}/x[1].fa") == [tmp_path / "x[1].fa"]
    with pytest.raises(InputError, match=r"no file matches '.*\*\.fq'; relative paths start at"):
        find_fasta(f"{tmp_path}/*.fq")


def test_whole_headers_as_ids(tmp_path):
    data = b">a one\nACGT\n>a two\tthree \nGGC\n"
    ids, _, counts = encode_bytes(tmp_path, data, ids="header")
    assert ids == ["a one", "a two\tthree"]
    assert counts == {"white_space": 1}


def halves(compress):
    """Two archives, one behind the other: what 'cat a.gz b.gz' makes."""
    return lambda data: compress(data[: len(data) // 2]) + compress(data[len(data) // 2 :])


FORMATS = {
    "plain": bytes,
    "gzip": gzip.compress,
    "several gzip": halves(gzip.compress),
    "bgzip": bgzip,
    "bgzip and gzip": lambda data: bgzip(data[:9]) + gzip.compress(data[9:]),
    "gzip with zeros": lambda data: gzip.compress(data) + bytes(512),
    "bzip2": bz2.compress,
    "several bzip2": halves(bz2.compress),
    "xz": lzma.compress,
    "several xz": halves(lzma.compress),
    "zstd": zstd,
    "several zstd": halves(zstd),
}
MANY = "".join(f">record-{i}\n{'ACGTAACC' * (i % 9 + 1)}\n" for i in range(4000)).encode()


@pytest.mark.parametrize("name", ["x.fa", "x", "x.fa.gz", "x.zst"])
@pytest.mark.parametrize("kind", FORMATS)
def test_compression_by_content(tmp_path, kind, name):
    path = tmp_path / name
    path.write_bytes(FORMATS[kind](MANY))
    ids = [name for records in read_records(path, DNA) for name in records.ids.to_pylist()]
    assert ids == [f"record-{i}" for i in range(4000)]


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind != "plain"])
def test_an_archive_cut_short(tmp_path, kind):
    """At every cut either refused, or what is left is archives that are complete."""
    whole = FORMATS[kind](MANY)
    path = tmp_path / "x.fa.gz"
    for cut in (8, 20, len(whole) // 3, len(whole) // 2 + 7, len(whole) - 20, len(whole) - 1):
        path.write_bytes(whole[:cut])
        if kind == "gzip with zeros" and cut > len(whole) - 512:
            continue
        with pytest.raises(InputError) as caught:
            list(read_records(path, DNA))
        assert re.match(
            rf"{path}: the (bgzip|gz|bz2|xz|zst) archive (is damaged or cut short|has no end mark)",
            str(caught.value),
        ), (cut, caught.value)


def test_a_bgzip_file_cut_between_its_blocks(tmp_path):
    whole = bgzip(MANY)
    end = int.from_bytes(whole[16:18], "little") + 1
    assert 0 < end < len(whole) - 28
    path = tmp_path / "x.fa.gz"
    for cut in (end, len(whole) - 28):
        path.write_bytes(whole[:cut])
        assert gzip.decompress(whole[:cut])
        with pytest.raises(InputError, match="has no end marker, so its end is missing"):
            list(read_records(path, DNA))


def test_an_installation_without_zstd(tmp_path, monkeypatch):
    def xopen(*_, **__):
        raise ImportError("zstd module not available")

    monkeypatch.setattr("xopen.xopen", xopen)
    path = tmp_path / "x.fa"
    path.write_bytes(zstd(MANY))
    with pytest.raises(InputError, match=r"x\.fa: zst cannot be read here \(zstd module not avai"):
        list(read_records(path, DNA))


# --- One record over many blocks and parts ---------------------------------------------------

LONG = 8_000_000


@pytest.fixture(scope="module")
def long_dna() -> np.ndarray:
    return np.frombuffer(b"ACGT", np.uint8)[np.random.default_rng(1).integers(0, 4, LONG)]


def wrapped(sequence: bytes, width: int) -> bytes:
    """Lines of some width; None of a fraction: the last one is shorter."""
    lines = [sequence[i : i + width] for i in range(0, len(sequence), width)]
    return b"\n".join(lines) + b"\n"


LAYOUTS = {"one line": LONG + 9, "lines of 70": 70, "lines of 3 Mb": 3_000_001}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_long_record(tmp_path, long_dna, layout):
    letters = long_dna.copy()
    # odd runs, so that parts begin at both halves of a byte
    gaps = np.arange(777, LONG, 1_000_003)
    lower, unknown = np.arange(5, LONG, 999_983), np.arange(11, LONG, 1_999_993)
    letters[gaps], letters[unknown] = ord("-"), ord("N")
    letters[lower] += 32
    path = tmp_path / "x.fa"
    text = wrapped(letters.tobytes(), LAYOUTS[layout])
    path.write_bytes(b">first\nACG\n>long one\n" + text + b">last\nGGTT\n")
    first, long, last = read_records(path, DNA)
    assert (first.ids[0].as_py(), long.ids[0].as_py(), last.ids[0].as_py()) == (
        "first", "long", "last",
    )  # fmt: skip
    counts = long.conversions
    assert (counts.gaps, counts.lower_case) == (len(gaps), len(lower))
    assert counts.ambiguous == {"N": len(unknown)}
    expected = pack([letters.tobytes().replace(b"-", b"").decode()], DNA)
    assert long.packed.lengths[0] == LONG - len(gaps)
    np.testing.assert_array_equal(long.packed.data, expected.data)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_bad_letter_in_a_long_record(tmp_path, long_dna, layout):
    path = tmp_path / "x.fa"
    part = fasta.PART_BYTES
    places = [0, 1, part - 9, part, 2 * part + 1, 7_654_321, LONG - part, LONG - 2, LONG - 1]
    for place in places:
        letters = long_dna.copy()
        letters[place] = ord("+")
        # gaps count as positions
        letters[max(0, place - 5) : place] = ord("-")
        letters[place + 1 : place + 4] = ord("-")
        path.write_bytes(b">long\n" + wrapped(letters.tobytes(), LAYOUTS[layout]))
        with pytest.raises(InputError) as caught:
            list(read_records(path, DNA))
        assert str(caught.value).startswith(f"{path}: record 'long', position {place + 1}: '+'")


@pytest.mark.parametrize("alphabet", [DNA, PROTEIN], ids=lambda a: a.name)
@pytest.mark.parametrize("bad", ["+", "*", "\u00e9", ">", "\t", "\u3000"])
@pytest.mark.parametrize("width", [7, 31, 500])
def test_a_bad_letter_anywhere(tmp_path, monkeypatch, alphabet, bad, width):
    monkeypatch.setattr(fasta, "BLOCK_BYTES", 16)
    monkeypatch.setattr(fasta, "PART_BYTES", 32)
    path = tmp_path / "x.fa"
    for length in range(3, 120, 2):
        for gaps in ("", "--", "-" * 40):
            text = "AC" * (length // 2) + bad + gaps + "CA"
            # at a line's start or end it would be something else
            if bad in ">\t\u3000" and (length // 2 * 2) % width in (0, width - 1):
                continue
            lines = [text[i : i + width] for i in range(0, len(text), width)]
            path.write_text(">before\nAC\n>r\n" + "\n".join(lines) + "\n", encoding="utf-8")
            position = length // 2 * 2 + 1
            with pytest.raises(InputError) as caught:
                list(read_records(path, alphabet))
            shown = bad if bad.isprintable() else ascii(bad)[1:-1]
            found = str(caught.value)
            assert f"record 'r', position {position}: '{shown}' is not a" in found


@pytest.mark.parametrize("block", [3, 10, 64, 1 << 17])
def test_what_is_refused_for_its_length(tmp_path, monkeypatch, block):
    monkeypatch.setattr(fasta, "BLOCK_BYTES", block)
    monkeypatch.setattr(fasta, "PART_BYTES", 64)
    path = tmp_path / "x.fa"

    def refusal(text: str) -> str:
        path.write_text(text)
        with pytest.raises(InputError) as caught:
            list(read_records(path, DNA))
        return str(caught.value)

    if block > 64:
        # larger than any of these files
        return
    assert "a header line is longer than" in refusal(">a\nAC\n>" + "b" * 500 + "\nAC\n")
    assert "do not contain two neighbouring letters" in refusal(">a\n" + "A\t" * 300 + "\nAC\n")
    assert "no '>' header in its first lines" in refusal(" " * 500 + "\n>a\nAC\n")
    # a comment and blanks of any length are neither
    path.write_text(";" + "x" * 500 + "\n>a\n;" + "é>" * 500 + "\n" + " A" * 300 + "\n>b\nG")
    pairs, counts = read_all(path, DNA)
    assert pairs == [("a", "A" * 300), ("b", "G")]
    assert counts.comment_lines == 2
    assert counts.white_space == 300


@pytest.mark.parametrize("block", [3, 7, 50])
def test_where_text_is_not_utf8(tmp_path, monkeypatch, block):
    monkeypatch.setattr(fasta, "BLOCK_BYTES", block)
    monkeypatch.setattr(fasta, "PART_BYTES", 2 * block)
    path = tmp_path / "x.fa"
    # the comment may hold anything
    text = ";é".encode("latin-1") + "\r\n>ä one\nACGT\n>b\r\n".encode()
    for before in range(30):
        path.write_bytes(text + b"A" * before + b"\xe9\nAC\n")
        with pytest.raises(InputError) as caught:
            list(read_records(path, DNA))
        found = str(caught.value).removeprefix(f"{path}: ")
        assert found.startswith(f"line 5, byte {before + 1} (record 'b'): not UTF-8"), found


# --- Files of other projects -----------------------------------------------------------------

UGLY = ROOT / "tests" / "data" / "ugly"


def happens(path: Path, folder: Path) -> str:
    """What docs/fasta.md says of a file: records, residues and counts, or why it is refused."""
    try:
        alphabet = guess_alphabet(sample_residues(path)).alphabet.name
        _, sequences, counts = encode_one(folder, path, alphabet)
    except InputError as error:
        reason = str(error).removeprefix(f"{path}: ")
        return f"refused: {re.split(r'[;(]', reason)[0].strip()}"
    n = len(sequences)
    counts.pop("ambiguous_residues", None)
    text = f"{n:,} record{'s' * (n > 1)}, {sum(map(len, sequences)):,} residues"
    return "; ".join([text, *(f"`{name}` {value}" for name, value in counts.items())])


def table_of_files() -> dict[str, str]:
    rows = re.findall(r"^\| `(\w+/\S+)` \|.*\| (.+) \|$", (ROOT / "docs" / "fasta.md").read_text(),
                      re.MULTILINE)  # fmt: skip
    return dict(rows)


FILES = sorted(
    path.relative_to(UGLY).as_posix()
    for path in UGLY.glob("*/*")
    if path.name != "LICENSE" and path.is_file()
)


@pytest.mark.parametrize("name", FILES)
def test_files_of_other_projects(tmp_path, name):
    assert happens(UGLY / name, tmp_path) == table_of_files()[name]


def test_the_files_are_those_that_git_must_not_touch():
    assert len(FILES) == 18
    assert (UGLY / "biopython" / "aster.pro").read_bytes().count(b"\r\n") == 2
    assert not (UGLY / "seqkit" / "c.fa").read_bytes().count(b"\r")


LEGACY = b""">LEGACY  921 bp
;
; Comments as in the first FASTA program:
;     if (line[0]!='>'&& line[0]!=';') {
;	the rest > of it
;
ATGAAAATGAATAAAAGTCTCATCGTCCTCTGTTTATCAGCAGGGTTACTGGCAAGCGCG
; one more
CCTGGAATTAGCC
"""


def test_features_of_files_that_are_not_committed(tmp_path):
    _, sequences, counts = encode_bytes(tmp_path, LEGACY)
    assert [len(sequence) for sequence in sequences] == [73]
    assert counts == {"comment_lines": 6}
    ids, sequences, counts = encode_bytes(
        tmp_path, b">A06852                  183 residues\nMPRLFSYLLGVW\nLC*\n\n", "protein"
    )
    assert (ids, sequences, counts) == (["A06852"], ["MPRLFSYLLGVWLC"], {"stops": 1})
    ids, sequences, counts = encode_bytes(
        tmp_path, b">Reference\nATGTGGTCG\nTCG\n>With out-of-frame gaps\nAT-TGGTC\nTC--GA\n"
    )
    assert ids == ["Reference", "With"]
    assert sequences == ["ATGTGGTCGTCG", "ATTGGTCTCGA"]
    assert counts == {"gaps": 3}
