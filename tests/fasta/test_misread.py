"""What once was read as something else without a word."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from Bio import bgzf
from conftest import BIN, encode
from fasta_oracle import residues

from bioseqrnn.fasta import blocks as fasta
from bioseqrnn.fasta.genome import Genome
from bioseqrnn.fasta.sources import Source
from bioseqrnn.onehot.alphabet import guess_alphabet
from bioseqrnn.support.errors import InputError

MASKED = ">{0}1\nCAGATTTTCATATTATGCAXXXXXXXXXCTACTTCGCCTGATA\n>{0}2\nGTCCCACCTGXXXXXGGTGATCCTATGC\n"
PROTEIN = ">p1\nMVLSEGEWQLVLHVWAKVEADVAGHGQDILIRLFKSHPETLEKFDRFK\n"
NUCLEIC = ">dna chain\nCGCGAATTCGCG\n>rna\nggcagaucugagcc\n>short\nGCATGCATG\n"
PEPTIDES = ">p1\nMKRSHTGKRNVSAAKSTWGGSKATGRWNSVTKAAHSC\n>p2\nKKRRSSTGVNAAGSTKR\n"


def write(folder: Path, **texts: str) -> list[Source]:
    """One source a file, whose label is its name."""
    for name, text in texts.items():
        (folder / f"{name}.fa").write_text(text)
    return [Source(folder / f"{name}.fa", name) for name in texts]


def warnings(capfd) -> list[str]:
    return [line for line in capfd.readouterr().err.splitlines() if line.startswith("warning: ")]


# --- an index beside a genome

CHROMOSOME = "GGATCACAGTCTACACTGCTCACTCCAACCCCGGCCCCTGAGTCCGAGGAGAGGGTGCTT"
INDEXES = {
    "of another header": "c1\t120\t21\t60\t61\nc2\t60\t200\t60\t61\n",
    "of another line length": "c1\t120\t11\t50\t51\nc2\t60\t147\t50\t51\n",
    "without an entry": "c1\t120\t11\t60\t61\n",
    "cut short": "c1\t120\t11\n",
    "of a genome with other line ends": "c1\t120\t12\t60\t62\nc2\t60\t150\t60\t62\n",
    "that is nonsense": "nonsense\n",
}


@pytest.mark.parametrize("newer", [True, False])
@pytest.mark.parametrize("form", ["plain", "Windows", "bgzip"])
@pytest.mark.parametrize("name", INDEXES)
def test_an_index_of_another_file_is_not_used(tmp_path, name, form, newer):
    path = tmp_path / ("g.fa.gz" if form == "bgzip" else "g.fa")
    text = f">c1 first\n{CHROMOSOME}\n{CHROMOSOME[::-1]}\n>c2\n{CHROMOSOME.lower()}\n".encode()
    if form == "bgzip":
        with bgzf.open(path, "wb") as handle:
            handle.write(text)
        Path(f"{path}.gzi").write_bytes(bytes(8))
    else:
        path.write_bytes(text.replace(b"\n", b"\r\n") if form == "Windows" else text)
    index = Path(f"{path}.fai")
    index.write_text(INDEXES[name])
    later = path.stat().st_mtime + (100 if newer else -100)
    os.utime(index, (later, later))
    genome = Genome(path)
    assert genome.lengths == {"c1": 120, "c2": 60}
    assert genome.fetch("c1", 55, 65) == (CHROMOSOME + CHROMOSOME[::-1])[55:65]
    assert genome.fetch("c2", 40, 60) == CHROMOSOME[40:].lower()
    assert index.read_text() == INDEXES[name]


def test_a_genome_that_is_written_again_is_read_again(tmp_path):
    path = tmp_path / "g.fa"
    path.write_text(">c\nACGTACGT\n")
    before = Genome(path)
    assert before.fetch("c", 2, 6) == "GTAC"
    path.write_text(">c second\nTTTTCCCC\n")
    assert Genome(path).fetch("c", 2, 6) == "TTCC"
    path.write_text(">c\nAC\n")
    with pytest.raises(InputError, match=r"g\.fa: changed while it was read"):
        before.fetch("c", 2, 6)


def test_a_copy_goes_with_its_genome(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    path = tmp_path / "g.fa"
    path.write_text(">c\nACGT\nACGTACGT\n")
    code = (
        "import sys; from pathlib import Path\n"
        "from bioseqrnn.fasta.genome import Genome\n"
        "print(Genome(Path(sys.argv[1])).fetch('c', 3, 6), len(list(Path(sys.argv[2]).iterdir())))"
    )
    environment = os.environ | {"TMPDIR": str(tmp_path / "temporary")}
    done = subprocess.run(
        [BIN / "python", "-c", code, path, tmp_path / "temporary"],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "TAC 1\n"
    assert list((tmp_path / "temporary").iterdir()) == []


# --- alphabets


@pytest.mark.parametrize(
    ("sample", "name", "sure"),
    [
        ("ACGTACGTXXXXXX", "dna", False),
        ("ACGTACGTRYSWKM", "dna", False),
        ("NNNNNNNNNNNNAX", "dna", True),
        ("XXXXXXXXXXXXAC", "dna", False),
        ("ACGTACGTACGTACGTACGTR", "dna", True),
        ("MKRSHTGKRNVSAAKSTWGG", "protein", False),
        ("ACGTACGTACGTXXE", "protein", True),
        ("MKLVREND", "protein", True),
    ],
)
def test_the_alphabet_is_told_by_all_letters(sample, name, sure):
    guess = guess_alphabet(sample.encode())
    assert (guess.alphabet.name, guess.sure) == (name, sure)


def test_masked_dna_is_dna(tmp_path, capfd):
    sources = write(tmp_path, a=MASKED.format("a"), b=MASKED.format("b"))
    table = encode(tmp_path, sources)
    assert residues(table.packed, table.alphabet)[0] == (
        "CAGATTTTCATATTATGCANNNNNNNNNCTACTTCGCCTGATA"
    )
    share = "80% of its letters are A C G T U N"
    assert [share in line for line in warnings(capfd)] == [True, True]
    named = encode(tmp_path, sources, alphabet="dna")
    assert warnings(capfd) == []
    assert named.packed.data.tobytes() == table.packed.data.tobytes()


@pytest.mark.parametrize("part", [8, 1 << 21])
@pytest.mark.parametrize("alphabet", ["auto", "protein"])
def test_nucleic_records_among_proteins_are_named(tmp_path, capfd, monkeypatch, alphabet, part):
    monkeypatch.setattr(fasta, "BLOCK_BYTES", min(part, fasta.BLOCK_BYTES))
    monkeypatch.setattr(fasta, "PART_BYTES", part)
    encode(tmp_path, write(tmp_path, a=PROTEIN + NUCLEIC, b=">q\nMKLVRE\n"), alphabet=alphabet)
    assert warnings(capfd) == [
        "warning: dataset: 2 records of at least 10 letters consist only of A C G T U N, like DNA, "
        "but are read as protein: 'dna', 'rna'"
    ]


@pytest.mark.parametrize("part", [8, 1 << 21])
def test_peptides_among_dna_are_named(tmp_path, capfd, monkeypatch, part):
    monkeypatch.setattr(fasta, "BLOCK_BYTES", min(part, fasta.BLOCK_BYTES))
    monkeypatch.setattr(fasta, "PART_BYTES", part)
    dna = ">d\nACGTNNNNNNNNNNNNNRYRY\n"
    encode(tmp_path, write(tmp_path, a=dna + PEPTIDES, b=">e\nACGT\n"), alphabet="dna")
    assert warnings(capfd) == [
        "warning: dataset: 2 records are read as DNA, although most letters are ambiguity codes, "
        "as in a peptide: 'p1', 'p2'"
    ]
    many = "".join(f">m{i}\nRYKM\n" for i in range(9))
    encode(tmp_path, write(tmp_path, a=dna, b=many), alphabet="dna")
    [line] = warnings(capfd)
    assert line.endswith(": 'm0', 'm1', 'm2', 'm3', 'm4' …")
    assert " 9 records " in line


# --- '.'


@pytest.mark.parametrize("part", [8, 1 << 21])
def test_a_final_dot_is_a_stop(tmp_path, capfd, monkeypatch, part):
    monkeypatch.setattr(fasta, "BLOCK_BYTES", min(part, fasta.BLOCK_BYTES))
    monkeypatch.setattr(fasta, "PART_BYTES", part)
    a = ">1\nMKWEFLIPQMKWEF.\n>2\nMKWEFLIPQ\n.\n>3\nMKW-EFLIPQMK.\n"
    encode(tmp_path, write(tmp_path, a=a, b=">4\nMKWEF*\n"), alphabet="protein")
    assert "converted or left out: 2 gaps, 3 stops (" in capfd.readouterr().err


@pytest.mark.parametrize("part", [8, 1 << 21])
def test_a_dot_between_residues(tmp_path, monkeypatch, part):
    monkeypatch.setattr(fasta, "BLOCK_BYTES", min(part, fasta.BLOCK_BYTES))
    monkeypatch.setattr(fasta, "PART_BYTES", part)
    rest = ">b\nMKWEFLIPQMKWEFLIPQ\n"
    for text, position in (("MKWEFLI.QMKWEFL", 8), ("MKWEFLIPQ...KWEF", 10), ("MK.WE*", 3)):
        for before in ("", rest):
            sources = write(tmp_path, a=f"{before}>a\n{text}\n", other=">o\nMKLVRE\n")
            with pytest.raises(InputError, match=f"record 'a', position {position}: '.' between"):
                encode(tmp_path, sources, alphabet="protein")
    aligned = rest + ">a\nMKWEFLI.QMKWEFLIPQ\n"
    table = encode(tmp_path, write(tmp_path, a=aligned, other=">o\nMKLVRE\n"), alphabet="protein")
    assert residues(table.packed, table.alphabet)[1] == "MKWEFLIQMKWEFLIPQ"


# --- three lines a record


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# of X\n>1\nMKL\nCCH\n", "line 1 is '# of X': comments are not allowed if records have"),
        ("\n;x\n>1\nMKL\nCCH\n", "line 2 is ';x': comments are not allowed if records have"),
        (">1\n# of X\nMKL\nCCH\n", "record 1 ('1') has the line '# of X': comments are not"),
        (">1\nMKL\nCCH\n!x\n>2\nMK\nCC\n", "record 1 ('1') has the line '!x': comments are not"),
        (
            ">1\nMKLV\n CCH\n",
            "record '1' has 4 residues (gaps and a final '*' do not count) but 3 labels; each "
            "residue must have one; its label line begins with a space, which is not a label",
        ),
    ],
)
def test_what_is_no_record_of_three_lines(tmp_path, text, message):
    path = tmp_path / "x.fa"
    path.write_text(text)
    for alphabet in ("auto", "protein"):
        with pytest.raises(InputError) as caught:
            encode(tmp_path, [Source(path)], task="per_position", alphabet=alphabet)
        assert str(caught.value).startswith(f"{path}: {message}")
