"""VCF files that are made to harm: each is refused in one line and in bounded memory."""

from __future__ import annotations

import gzip
import tracemalloc

import numpy as np
import pytest
from small_models import small_network

from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.stages.variants.run import Choices, score_variants
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.declared.variants import VARIANTS

COLUMNS = b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
HEADER = b"##fileformat=VCFv4.3\n" + COLUMNS
MIB = 2**20
# bytes that Python may hold at once: a line has at most 64 MiB, and is copied a few times
MOST = 400 * MIB


def row(pos=b"2", name=b"v", ref=b"C", alt=b"T", chrom=b"one", info=b"."):
    return b"\t".join((chrom, pos, name, ref, alt, b".", b".", info)) + b"\n"


def packed(*parts):
    """A gzip archive of texts, each with the number of times that it stands there."""
    return b"".join(gzip.compress(text, 1) * count for text, count in parts)


@pytest.fixture
def folder(tmp_path):
    bases = "".join(np.random.default_rng(1).choice(list("ACGT"), 200))
    (tmp_path / "genome.fa").write_text(f">one\nAC{bases}\n")
    small_network(tmp_path / "m.safetensors", "binary", trained_lengths=[20, 20])
    return tmp_path


def score(folder, content):
    (folder / "v.vcf").write_bytes(content)
    score_variants(
        folder / "v.vcf", folder / "m.safetensors", folder / "genome.fa",
        [folder / "o.tsv", folder / "o.vcf"], choices=Choices(ranks=False),
        machine=MachineConfig(device="cpu"),
    )  # fmt: skip
    return VARIANTS.read(folder / "o.tsv")


def gibibyte(block):
    """A gibibyte of the same 16 MiB, in an archive of 1 to 5 MB."""
    return packed((block * (16 * MIB // len(block)), 64))


CASES = {
    "a row of one giant line": (
        lambda: packed((HEADER + b"one\t2\t", 1)) + gibibyte(b"A"),
        "line 3: has more than 67,108,864 characters; is it VCF",
    ),
    "a header of one giant line": (
        lambda: gibibyte(b"#"), "line 1: has more than 67,108,864 characters",
    ),
    "a header without end": (
        lambda: gibibyte(b"##contig=<ID=c>" + b"x" * 1008 + b"\n"),
        "the header has more than 67,108,864 characters",
    ),
    "blank lines without end": (
        lambda: packed((HEADER, 1)) + gibibyte(b"\n"), "line 1003: is blank, as 1,000 before it",
    ),
    "a million alleles": (
        lambda: HEADER + row(alt=b",".join([b"A"] * 1_000_000)),
        r"row 1: has 1,000,000 ALT alleles; split rows of more than 1,000",
    ),
    "a POS that no number can hold": (
        lambda: HEADER + row(pos=b"9" * 5000),
        r"row 1: POS '9{40}…' is not a whole number of at most 18 digits",
    ),
    "columns without end": (
        lambda: HEADER + b"\t".join([b"1"] * 5_000_000) + b"\n", "row 1: has 5000000 columns",
    ),
    "an escape sequence in an id": (
        lambda: HEADER + row(name=b"\x1b]0;x\x07"), r"line 3: contains the control .* '\\x1b'",
    ),
    "a zero byte in REF": (
        lambda: HEADER + row(ref=b"C\0"), r"line 3: contains the control character '\\x00'",
    ),
    "a control character in the header": (
        lambda: b"##x=\x9b2J\n".replace(b"\x9b", b"\xc2\x9b") + HEADER,
        r"line 1: contains the control character '\\x9b'",
    ),
    "contigs with giant names": (
        lambda: HEADER + row(chrom=b"c" * MIB) + row(chrom=b"d" * MIB),
        r"none of its contigs \(c{40}…, d{40}…\) is in",
    ),
    "an archive that says that it holds less": (
        lambda: packed((HEADER + row(), 1))[:-4] + b"\1\0\0\0", "the gz archive is damaged",
    ),
    "a block of bgzip that says that it is longer": (
        lambda: forged_block(HEADER + row()), "the gz archive is damaged|has no end marker",
    ),
}  # fmt: skip


def forged_block(text):
    """A bgzip file whose only block claims 65,536 bytes, and is cut short."""
    body = gzip.compress(text)
    extra = b"\x06\0BC\x02\0\xff\xff"
    return body[:3] + b"\x04" + body[4:10] + extra + body[10:-12]


@pytest.mark.parametrize("case", CASES)
def test_a_hostile_file_is_refused_in_one_line_and_little_memory(folder, case):
    make, said = CASES[case]
    content = make()
    assert len(content) < 32 * MIB
    before = sorted(folder.iterdir())
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=said) as error:
            score(folder, content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MOST
    text = str(error.value)
    assert "\n" not in text
    # the path of the folder is the test's own
    assert len(text.replace(str(folder), "")) < 500
    assert sorted(set(folder.iterdir()) - {folder / "v.vcf"}) == before


def test_counts_that_a_header_claims_are_not_believed(folder):
    claims = (
        b"##contig=<ID=one,length=999999999999999999999>\n"
        b'##INFO=<ID=AC,Number=4294967295,Type=Integer,Description="none">\n'
    )
    info = b"AC=" + b"9" * 400 + b";END=99999999999999999999"
    plain = score(folder, HEADER + row())
    claimed = score(folder, claims + HEADER + row(info=info))
    assert claimed.equals(plain)
    assert claimed["reason"].tolist() == [""]
    assert info in (folder / "o.vcf").read_bytes()


def test_names_that_look_like_paths_stay_text(folder):
    names = ["../../escaped", "/etc/x", "..", "~/x;y"]
    rows = b"".join(row(name=name.encode()) for name in names)
    before = {path.name for path in folder.parent.iterdir()}
    frame = score(folder, HEADER + rows + row(chrom=b"../one"))
    assert frame["id"].tolist() == [*names, "v"]
    assert frame["reason"].tolist() == [""] * 4 + ["no_contig"]
    wanted = ["genome.fa", "m.safetensors", "o.tsv", "o.vcf", "v.vcf"]
    assert sorted(path.name for path in folder.iterdir()) == wanted
    assert {path.name for path in folder.parent.iterdir()} == before
