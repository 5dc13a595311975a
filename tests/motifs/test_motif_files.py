"""MEME text is written and read again, JASPAR text is read; damaged files are refused."""

from __future__ import annotations

import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from Bio import motifs

from bioseqrnn.motifs.known import known_motifs
from bioseqrnn.motifs.logo import heights, logo
from bioseqrnn.motifs.motif_files import OtherAlphabetError, meme_text, read_motifs
from bioseqrnn.motifs.tomtom import Entry
from bioseqrnn.support.errors import InputError

PROTEIN = "ACDEFGHIKLMNPQRSTVWY"
JASPAR = """>MA0001.1\tTEST::TWO
A  [ 3 0 1 ]
C  [ 1 0 1 ]
G  [ 0 4 1 ]
T  [ 0 0 1 ]
"""


@pytest.mark.parametrize("symbols", ["ACGT", PROTEIN])
def test_meme_text_is_read_as_it_was_written(tmp_path, symbols):
    rng = np.random.default_rng(1)
    entries = [Entry(f"M{w}", f"name{w}", rng.dirichlet(np.ones(len(symbols)), w)) for w in (1, 9)]
    background = np.full(len(symbols), 1 / len(symbols))
    path = tmp_path / "a.meme"
    path.write_text(meme_text([(e, 7, 0.01) for e in entries], symbols, True, background))
    for wanted, found in zip(entries, read_motifs(path, symbols), strict=True):
        assert (found.identifier, found.name) == (wanted.identifier, wanted.name)
        np.testing.assert_allclose(found.frequencies, wanted.frequencies, atol=1e-5)
    if symbols == PROTEIN:
        # Biopython reads motifs of nucleotides only
        return
    with path.open() as handle:
        parsed = motifs.parse(handle, "minimal")
    assert [motif.name for motif in parsed] == ["M1", "M9"]
    assert [motif.length for motif in parsed] == [1, 9]
    assert parsed[0].alphabet == symbols


def test_jaspar_text(tmp_path):
    path = tmp_path / "a.jaspar"
    path.write_text(JASPAR)
    (entry,) = read_motifs(path, "ACGT")
    assert (entry.identifier, entry.name) == ("MA0001.1", "TEST::TWO")
    np.testing.assert_allclose(entry.frequencies[0], [0.75, 0.25, 0, 0])
    assert entry.frequencies.shape == (3, 4)


MEME = (
    "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF a\nletter-probability matrix: alength= 4 w= 2\n"
    "0.1 0.2 0.3 0.4\n1 0 0 0\n"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", "neither MEME text"),
        ("MEME version 4\n", "has no motifs"),
        (MEME.replace("w= 2", "w= 3"), "line 6: the matrix does not have the width"),
        (MEME.replace("1 0 0 0", "1 0 0"), "not a matrix of numbers"),
        (MEME.replace("1 0 0 0", "1 0 0 nan"), "line 7: the matrix has impossible numbers"),
        (MEME.replace("1 0 0 0", "0 0 0 0"), "impossible numbers"),
        (JASPAR.replace("G ", "N "), "line 1: a JASPAR matrix is"),
        (JASPAR.replace("0 4 1", "0 4"), "line 1: the rows have different lengths"),
        (JASPAR.replace("0 4 1", "0 x 1"), "not a matrix of numbers"),
    ],
)
def test_a_damaged_file_is_one_line(tmp_path, text, message):
    path = tmp_path / "a.txt"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as fault:
        read_motifs(path, "ACGT")
    assert "\n" not in str(fault.value)
    assert str(path) in str(fault.value)


def test_a_file_of_another_alphabet_is_left_out_and_said(tmp_path, capsys):
    path = tmp_path / "a.jaspar"
    path.write_text(JASPAR)
    with pytest.raises(OtherAlphabetError):
        read_motifs(path, PROTEIN)
    assert known_motifs([path], "2026", PROTEIN) == []
    assert "not compared with" in capsys.readouterr().err


def test_without_pyjaspar_the_message_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyjaspar", None)
    with pytest.raises(InputError, match=r"pip install 'bioseqrnn\[jaspar\]'"):
        known_motifs([], "2026:vertebrates", "ACGT")


@pytest.mark.parametrize("symbols", ["ACGT", PROTEIN])
def test_logos_are_small_valid_svg(symbols):
    rng = np.random.default_rng(2)
    shares = rng.dirichlet(np.full(len(symbols), 0.1), 12) * 0.98 + 0.02 / len(symbols)
    background = np.full(len(symbols), 1 / len(symbols))
    values = shares * rng.normal(0.5, 0.5, (12, 1))
    text = logo(heights(shares, background), values, symbols, 'a <b> & "c"', "M1")
    root = ElementTree.fromstring(text)
    assert root[0].text == 'a <b> & "c"'
    ids = {element.get("id") for element in root.iter() if element.get("id")}
    used = {element.get("href")[1:] for element in root.iter() if element.get("href")}
    assert used <= ids
    # the most frequent residue of each column is drawn
    assert {f"M1{symbols[i]}" for i in shares.argmax(axis=1)} <= used
    assert len(text) < 9500
    # without anything to draw it is still valid
    ElementTree.fromstring(logo(np.zeros((1, 4)), np.zeros((1, 4)), "ACGT", "", "x"))
