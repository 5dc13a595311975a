"""Random text that looks like FASTA: what Biopython reads of it, or a refusal that is deserved."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections import Counter

import pytest
from conftest import ROOT
from fasta_oracle import check
from hypothesis import given, settings
from hypothesis import strategies as st

from bioseqrnn.fasta import blocks as fasta
from bioseqrnn.onehot.alphabet import DNA, PROTEIN

TOKENS = [
    b"\n", b"\n", b"\n", b"\r\n", b"\r", b"\n>", b"\n>", b"\r\n>", b"\r>", b">", b">a", b"\n>b c\n",
    b"\n>b\tc", b"\n> d", b"\n;e", b"\n#f", b"\n!", b";", b"#", b"!", b"A", b"C", b"ACGT", b"acgn",
    b"NRYK", b"UU", b"MKWE", b"x", b"BZJO", b"-", b"--", b".", b"*", b"*\n", b"*-\n", b" ", b"  ",
    b"\t", b" \n", b"\t\n", b"\v", b"\f", b"\x1c", b"\x00", b"\xef\xbb\xbf", b"\xc2\x85",
    b"\xc2\xa0", b"\xe2\x80\xa8", b"\xc3\xa9", b"\xff", b"\xc3", b"1",
]  # fmt: skip
# Else nearly all texts would be refused
BLANK = [b"\n", b"\r\n", b"\r", b" \n", b"\t\v\f\n", b"\n;e\n", b"\n#f\r", b"\n! g > h\r\n"]
HEADER_ENDS = [b"\n", b"\r\n", b" x\n", b" ;y >z\r", b"\xc3\xa9 \xc2\xa0\n"]
BODY = [
    *BLANK, b"A", b"C", b"GT", b"acgn", b"ACGTACGTACGT", b"-", b"-.-", b" ", b"\xc2\xa0\n",
    b"\t \x1c\n", b"WSYKRV",
]  # fmt: skip
STOPS = [b"", b"", b"*", b"-*- -\n", b" *\n"]


@st.composite
def fasta_like(draw) -> bytes:
    kind = draw(st.sampled_from(["tokens", "accepted", "spoilt"]))
    if kind == "tokens":
        return b"".join(draw(st.lists(st.sampled_from(TOKENS) | st.binary(max_size=3))))
    text = draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))
    text += b"".join(draw(st.lists(st.sampled_from(BLANK), max_size=4)))
    for number in range(draw(st.integers(1, 5))):
        text += (b"\n" if number else b"") + b">%d" % number + draw(st.sampled_from(HEADER_ENDS))
        text += b"".join(draw(st.lists(st.sampled_from(BODY), max_size=12)))
        text += b"A" + draw(st.sampled_from(STOPS))
    if kind == "spoilt":
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(st.sampled_from(TOKENS) | st.binary(max_size=3)) + text[place:]
    return text


def test_records_are_those_of_biopython(tmp_path):
    seen: Counter[str] = Counter()

    @settings(max_examples=700, deadline=None)
    @given(
        data=fasta_like(),
        alphabet=st.sampled_from([DNA, PROTEIN]),
        block=st.integers(3, 40),
        part=st.integers(4, 60),
        shards=st.integers(2, 5),
    )
    def compare(data, alphabet, block, part, shards):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fasta, "BLOCK_BYTES", block)
            patch.setattr(fasta, "PART_BYTES", part)
            seen[check(tmp_path / "x.fa", data, alphabet, shards)] += 1

    compare()
    # neither are all of them refused, nor all read
    assert min(seen["read"], seen["refused"]) > 50, seen


@pytest.mark.skipif(not importlib.util.find_spec("atheris"), reason="atheris is not installed")
def test_a_coverage_guided_fuzzer_finds_nothing(tmp_path):
    command = [sys.executable, ROOT / "tests" / "fasta" / "fuzz_fasta.py", "-max_total_time=10"]
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Done " in done.stderr
