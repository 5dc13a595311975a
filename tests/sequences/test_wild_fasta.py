"""Every row of the tables in docs/fasta.md, and where a bad letter stands, whatever the layout."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, pack
from fasta_oracle import read_all, residues

from bioseqrnn.config.schema import DatasetOptions
from bioseqrnn.errors import InputError
from bioseqrnn.sequences.alphabet import DNA, PROTEIN, guess_alphabet
from bioseqrnn.sequences.encode import encode_sequences
from bioseqrnn.sequences.reading import blocks as fasta
from bioseqrnn.sequences.reading.blocks import sample_residues
from bioseqrnn.sequences.reading.conversions import COUNTS
from bioseqrnn.sequences.reading.records import read_records
from bioseqrnn.sequences.sources import (
    COMPRESSED_ENDINGS,
    FASTA_ENDINGS,
    Source,
    find_fasta,
)
from bioseqrnn.sequences.table import read_sequences

SECOND = {"dna": ">the-other-file\nACGT\n", "protein": ">the-other-file\nMKWE\n"}
COLUMNS = [*COUNTS, "ambiguous_residues", "ambiguity_codes"]


def encode_one(folder: Path, path: Path, alphabet: str, **options):
    """Encode a file with label x and a tiny second one with label y: (ids, sequences, counts)."""
    second = folder / "y.fa"
    second.write_text(SECOND[alphabet])
    out, audit = folder / "sequences.parquet", folder / "audit.tsv"
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


TWO = {"a": "ACGT", "b": "GGC"}
ACCEPTED = {
    "plain": (b">a\nACGT\n>b\nGGC\n", TWO, {}),
    "no final line end": (b">a\nACGT\n>b\nGGC", TWO, {}),
    "blank lines": (b"\n\n>a\n\nAC\n\n\nGT\n\n>b\n\nGGC\n\n\n", TWO, {}),
    "wrapped unevenly": (b">a\nA\nCG\nT\n>b\nGG\nC\n", TWO, {}),
    "text behind the id": (b">a first >one\nACGT\n>b\tsecond\nGGC\n", TWO, {}),
    "blanks before the id": (b"> a x\nACGT\n>\tb\nGGC\n", TWO, {}),
    "'>' inside a header": (b">a >b >c\nACGT\n>b\nGGC\n", TWO, {}),
    "ambiguity codes": (
        b">a\nRYSWKMBDHVN\n",
        {"a": "RYSWKMBDHVN"},
        {"ambiguous_residues": 11,
         "ambiguity_codes": "B=1;D=1;H=1;K=1;M=1;N=1;R=1;S=1;V=1;W=1;Y=1"},
    ),
    "byte order mark": (b"\xef\xbb\xbf>a\nACGT\n>b\nGGC\n", TWO, {}),
    "byte order mark before a comment": (
        b"\xef\xbb\xbf;x\n>a\nACGT\n>b\nGGC\n", TWO, {"comment_lines": 1},
    ),
    "ids beyond ASCII": (
        ">ä\u2028\nACGT\n>b\u00a0x\nGGC\n".encode(),
        {"ä": "ACGT", "b": "GGC"}, {"white_space": 3},
    ),
    "Windows line ends": (b">a\r\nAC\r\nGT\r\n>b\r\nGGC\r\n", TWO, {"carriage_returns": 5}),
    "Macintosh line ends": (b">a\rAC\rGT\r>b\rGGC", TWO, {"carriage_returns": 4}),
    "mixed line ends": (b">a\r\nAC\nGT\r>b\nGGC\r\r\n", TWO, {"carriage_returns": 4}),
    "comments": (
        b"; one\n#two\n>a\n;\nAC\n! three > ;\nGT\n>b\nGGC\n#four \xff",
        TWO, {"comment_lines": 5},
    ),
    "comments before the first record only": (b";a\n\n \n;b\n>a\nACGT\n>b\nGGC", TWO,
                                              {"comment_lines": 2, "white_space": 1}),
    "blanks in and around sequences": (
        b">a  \n AC GT\t\n  \n>b\nGGC \v\f\n", TWO, {"white_space": 10},
    ),
    "lower case": (b">a\nacGt\n>b\nggc\n", TWO, {"lower_case": 6}),
    "gaps": (b">a\n-AC..GT-\n>b\nG-GC\n", TWO, {"gaps": 5}),
    "U": (b">a\nACGU\n>b\nGGC\n", TWO, {"u_as_t": 1}),
    "lower-case u and n": (b">a\nACGu\n>n\nacgn\n", {"a": "ACGT", "n": "ACGN"},
                           {"u_as_t": 1, "lower_case": 5, "ambiguous_residues": 1,
                            "ambiguity_codes": "N=1"}),
}  # fmt: skip


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted_dna(tmp_path, name):
    data, expected, counts = ACCEPTED[name]
    ids, sequences, counted = encode_bytes(tmp_path, data)
    assert dict(zip(ids, sequences, strict=True)) == expected
    assert counted == counts


ACCEPTED_PROTEIN = {
    "twenty": (b">a\nACDEFGHIKLMNPQRSTVWY\n", "ACDEFGHIKLMNPQRSTVWY", {}),
    "ambiguity codes": (
        b">a\nMBZJX\n", "MBZJX",
        {"ambiguous_residues": 4, "ambiguity_codes": "B=1;J=1;X=1;Z=1"},
    ),
    "selenocysteine and pyrrolysine": (
        b">a\nMUOu\n", "MXXX",
        {"lower_case": 1, "ambiguous_residues": 3, "ambiguity_codes": "O=1;U=2"},
    ),
    "final stop": (b">a\nMKWE*\n", "MKWE", {"stops": 1}),
    "final stop on a line of its own": (b">a\nMKWE\n*\n\n", "MKWE", {"stops": 1}),
    "final stop before gaps": (b">a\nMK-WE*--\n", "MKWE", {"stops": 1, "gaps": 3}),
    "final stop before blanks": (b">a\nMKWE* \n \n", "MKWE", {"stops": 1, "white_space": 2}),
}  # fmt: skip


@pytest.mark.parametrize("name", ACCEPTED_PROTEIN)
def test_accepted_protein(tmp_path, name):
    data, expected, counts = ACCEPTED_PROTEIN[name]
    assert encode_bytes(tmp_path, data, "protein") == (["a"], [expected], counts)


DNA_LETTERS = "accepted: ACGTURYSWKMBDHVNX"
REFUSED = {
    "an empty file": (b"", "empty FASTA file (no '>' record)"),
    "blank lines only": (b"\n \r\n\t", "empty FASTA file (no '>' record)"),
    "comments only": (b";x\n#y", "empty FASTA file (no '>' record)"),
    "text before the first record": (
        b"\n;x\nACGT\n>a\nACGT\n",
        "line 3 is 'ACGT', not a '>' header at the start of a line; is it FASTA?",
    ),
    "an indented header": (
        b" >a\nACGT\n",
        "line 1 is ' >a', not a '>' header at the start of a line; is it FASTA?",
    ),
    "FASTQ": (
        b"@a\nACGT\n+\n!!!!\n",
        "line 1 is '@a', not a '>' header at the start of a line; is it FASTA?",
    ),
    "GenBank": (
        b"LOCUS       X\n",
        "line 1 is 'LOCUS       X', not a '>' header at the start of a line; is it FASTA?",
    ),
    "a page of HTML instead of the file": (
        b"<!DOCTYPE html>\n",
        "line 1 is '<!DOCTYPE html>', not a '>' header at the start of a line; is it FASTA?",
    ),
    "a record without an id": (
        b">a\nAC\n> \nGT\n",
        "record 2 has no id after '>'; give it one",
    ),
    "a record without residues": (
        b">a\nAC\n>b\n>c\nGT\n",
        "record 2 ('b') has no residues; remove it or give it a sequence",
    ),
    "a record of gaps only": (
        b">a\nAC\n>b\n--\n",
        "record 2 ('b') has no residues; remove it or give it a sequence",
    ),
    "an id that stands twice": (
        b">a\nAC\n>a x\nGT\n",
        "duplicate id 'a': it stands in this file twice; ids must be unique in a dataset (ids: "
        "header takes whole headers)",
    ),
    "a letter of no DNA": (
        b">a\nAC\n>b x\nAC\nG1\n",
        f"record 'b', position 4: '1' is not a DNA letter (numbers of lines, or text? keep the "
        f"letters only); {DNA_LETTERS}",
    ),
    "a protein's letter": (
        b">b\nAC-GE\n",
        "record 'b', position 5: 'E' is not a DNA letter (a protein in a DNA dataset?); "
        + DNA_LETTERS,
    ),
    "a stop in DNA": (
        b">b\nACG*\n",
        "record 'b', position 4: '*' is not a DNA letter (a stop is accepted at the end of a "
        f"protein only); {DNA_LETTERS}",
    ),
    "a tab inside a sequence": (
        b">b\nAC\tGT\n",
        f"record 'b', position 3: '\\t' is not a DNA letter; {DNA_LETTERS}",
    ),
    "an indented comment": (
        b">b\nACGT\n ;x\n",
        f"record 'b', position 5: ';' is not a DNA letter; {DNA_LETTERS}",
    ),
    "a letter beyond ASCII": (
        ">b\nAC\u0410\n".encode(),
        f"record 'b', position 3: '\u0410' is not a DNA letter; {DNA_LETTERS}",
    ),
    "Latin-1": (
        b">a\nACGT\n>caf\xe9 x\nACGT\n",
        "line 3, byte 5 (record 'caf\ufffd'): not UTF-8 text; save the file as UTF-8 or plain "
        "ASCII",
    ),
    "UTF-16": ("\ufeff>a\nACGT\n".encode("utf-16-le"), "is UTF-16 text; save it as UTF-8"),
    "UTF-16, the other way": (
        "\ufeff>a\nACGT\n".encode("utf-16-be"),
        "is UTF-16 text; save it as UTF-8",
    ),
    "a zip archive": (b"PK\x03\x04....", "is a zip archive; unpack it"),
    "Parquet": (b"PAR1....", "is a Parquet file, not FASTA"),
    "CRAM": (b"CRAM....", "is a CRAM file, not FASTA"),
    "an archive with text behind it": (
        gzip.compress(b">a\nACGT\n") + b"hello",
        "the gz archive is damaged or cut short (",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(tmp_path, name):
    data, message = REFUSED[name]
    with pytest.raises(InputError) as caught:
        encode_bytes(tmp_path, data)
    text = str(caught.value).removeprefix(f"{tmp_path / 'x.fa'}: ")
    assert text == message or (message.endswith("(") and text.startswith(message))
    assert not (tmp_path / "sequences.parquet").exists()
    assert not (tmp_path / "audit.tsv").exists()


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
    with pytest.raises(InputError, match=r"\*\.fq: no file has such a name"):
        find_fasta(f"{tmp_path}/*.fq")


def test_whole_headers_as_ids(tmp_path):
    data = b">a one\nACGT\n>a two\tthree \nGGC\n"
    ids, _, counts = encode_bytes(tmp_path, data, ids="header")
    assert ids == ["a one", "a two\tthree"]
    assert counts == {"white_space": 1}


def bgzip(data: bytes) -> bytes:
    from Bio import bgzf

    out = io.BytesIO()
    writer = bgzf.BgzfWriter(fileobj=out)
    # several blocks
    for place in range(0, len(data), 50_000):
        writer.write(data[place : place + 50_000])
        writer.flush()
    out.write(b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0\x1b\0\x03\0\0\0\0\0\0\0\0\0")
    return out.getvalue()


def zstd(data: bytes) -> bytes:
    try:
        from compression.zstd import compress
    except ImportError:
        from backports.zstd import compress
    return compress(data)


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
        with pytest.raises(InputError, match="has no end mark, so its end is missing"):
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

LONG = 20_000_000


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
    assert "without two letters side by side" in refusal(">a\n" + "A\t" * 300 + "\nAC\n")
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
