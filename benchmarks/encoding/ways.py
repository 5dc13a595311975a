"""Ways from FASTA to one-hot: bioseqrnn's, the plain one, and other packages'.

Each takes the files, a folder to write to and the alphabet's name, and returns how many records it
encoded. Imports are in the functions, so that a package that is missing hurts none but its own.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .inputs import SYMBOLS, Case

Run = Callable[[list[Path], Path, str], int]
# What is to be done with an encoded array, and a package's way to make them all
Keep = Callable[[np.ndarray], object]
Peer = Callable[[list[Path], str, Keep], int]
BLOCK_RESIDUES = 1_000_000


@dataclass(frozen=True)
class Way:
    """One way to encode.

    Attributes
    ----------
    name : str
    run : callable
    note : str
        What is measured.
    alphabets : tuple of str
        Those it has.
    sampled : bool
        Whether it is too slow for whole files.
    equal : bool
        Whether it needs records of one length.
    """

    name: str
    run: Run
    note: str
    alphabets: tuple[str, ...] = ("dna", "protein")
    sampled: bool = False
    equal: bool = False

    def suits(self, case: Case) -> bool:
        """Whether it can encode such records at all."""
        return case.alphabet in self.alphabets and (case.equal or not self.equal)


def sequences(fastas: list[Path]) -> Iterator[str]:
    """Yield every sequence, by Biopython's fast parser: what the packages without one get."""
    from Bio.SeqIO.FastaIO import SimpleFastaParser

    for path in fastas:
        with path.open() as handle:
            for _, sequence in SimpleFastaParser(handle):
                yield sequence


def blocks(fastas: list[Path]) -> Iterator[list[str]]:
    """Yield the sequences in lists of about a million residues."""
    block: list[str] = []
    size = 0
    for sequence in sequences(fastas):
        block.append(sequence)
        size += len(sequence)
        if size >= BLOCK_RESIDUES:
            yield block
            block, size = [], 0
    if block:
        yield block


def parse_only(fastas: list[Path], _: Path, __: str) -> int:
    """Biopython's fast parser in a bare loop: the reference."""
    from Bio.SeqIO.FastaIO import SimpleFastaParser

    records = 0
    for path in fastas:
        with open(path) as handle:  # noqa: PTH123
            for _title, _sequence in SimpleFastaParser(handle):
                records += 1
    return records


def bioseqrnn(fastas: list[Path], folder: Path, alphabet: str) -> int:
    """Encode with this project; what it says is swallowed."""
    from bioseqrnn.config.datasets import DatasetOptions
    from bioseqrnn.fasta.sources import Source
    from bioseqrnn.stages.sequences.run import encode_sequences

    sources = [Source(path, label=path.stem) for path in fastas]
    options = DatasetOptions(alphabet=alphabet)
    with contextlib.redirect_stderr(io.StringIO()):
        return encode_sequences(
            sources, folder / "sequences.parquet", folder / "intake.tsv", options=options
        )


def _plain(fastas: list[Path], folder: Path, alphabet: str, dtype: type) -> int:
    import pandas as pd
    from Bio import SeqIO

    letters = SYMBOLS[alphabet]
    codes = np.zeros(256, np.uint8)
    codes[np.frombuffer(letters.encode(), np.uint8)] = np.arange(len(letters))
    eye = np.eye(len(letters), dtype=dtype)
    rows = []
    for path in fastas:
        for record in SeqIO.parse(path, "fasta"):
            onehot = eye[codes[np.frombuffer(bytes(record.seq), np.uint8)]]
            rows.append((record.id, path.stem, len(record), onehot.ravel()))
    frame = pd.DataFrame(rows, columns=["id", "label", "length", "onehot"])
    frame.to_parquet(folder / "plain.parquet")
    return len(frame)


def plain_float32(fastas: list[Path], folder: Path, alphabet: str) -> int:
    """SeqIO, a row of numpy.eye a residue, a list a record, pandas."""
    return _plain(fastas, folder, alphabet, np.float32)


def plain_uint8(fastas: list[Path], folder: Path, alphabet: str) -> int:
    """The same in bytes."""
    return _plain(fastas, folder, alphabet, np.uint8)


def _nowhere(_: np.ndarray) -> None:
    """Keep nothing."""


def _encode_only(peer: Peer) -> Run:
    """Return the way that encodes and lets go."""
    return lambda fastas, _, alphabet: peer(fastas, alphabet, _nowhere)


def _written(peer: Peer) -> Run:
    """Return the way that writes the bytes of every array, one behind the other, to a file."""

    def run(fastas: list[Path], folder: Path, alphabet: str) -> int:
        with (folder / "peer.bin").open("wb") as handle:
            return peer(fastas, alphabet, lambda array: handle.write(np.ascontiguousarray(array)))

    return run


def tangermeme(fastas: list[Path], alphabet: str, keep: Keep) -> int:
    """Encode record by record."""
    from tangermeme.utils import one_hot_encode

    letters = SYMBOLS[alphabet]
    records = 0
    for sequence in sequences(fastas):
        keep(one_hot_encode(sequence, alphabet=letters, ignore=[]).numpy())
        records += 1
    return records


def seqpro(fastas: list[Path], alphabet: str, keep: Keep) -> int:
    """Encode about a million residues at a time, as one ragged array."""
    import seqpro as sp
    from seqpro.rag import Ragged

    letters = SYMBOLS[alphabet]
    # ohe with its amino-acid alphabet has a column a codon, so proteins get a list of letters
    symbols = sp.DNA if alphabet == "dna" else sp.NucleotideAlphabet(letters, letters[::-1])
    records = 0
    for block in blocks(fastas):
        residues = np.frombuffer("".join(block).encode(), "S1")
        ends = np.cumsum([0, *map(len, block)])
        onehot = sp.ohe(Ragged.from_offsets(residues, (len(block), None), ends), symbols)
        keep(onehot.data)
        records += len(block)
    return records


def brisket(fastas: list[Path], _: str, keep: Keep) -> int:
    """Encode record by record."""
    from brisket import encode_seq

    records = 0
    for sequence in sequences(fastas):
        keep(encode_seq(sequence))
        records += 1
    return records


def kipoiseq(fastas: list[Path], _: Path, alphabet: str) -> int:
    """Encode record by record."""
    from kipoiseq.transforms.functional import one_hot_dna

    letters = list(SYMBOLS[alphabet])
    neutral = "N" if alphabet == "dna" else "X"
    records = 0
    for sequence in sequences(fastas):
        one_hot_dna(sequence, letters, neutral)
        records += 1
    return records


def biotrainer(fastas: list[Path], _: Path, __: str) -> int:
    """Embed a million residues at a time with the one-hot embedder, nothing kept."""
    from biotrainer.embedders import OneHotEncodingEmbedder

    embedder = OneHotEncodingEmbedder()
    return sum(
        sum(1 for _ in embedder.embed_many(block, batch_size=BLOCK_RESIDUES))
        for block in blocks(fastas)
    )


def seq2onehot(fastas: list[Path], folder: Path, alphabet: str) -> int:
    """What its command does: read, encode, save."""
    from seq2onehot.main import load_fasta
    from seq2onehot.main import seq2onehot as encode

    records = 0
    for path in fastas:
        onehot = encode(load_fasta(path), alphabet, False)
        np.save(folder / f"{path.stem}.npy", onehot)
        records += len(onehot)
    return records


REFERENCE = Way("bare parser", parse_only, "Biopython's SimpleFastaParser, nothing done")
OURS = Way("bioseqrnn", bioseqrnn, "encode_sequences, two files, a class each, table written")
PLAIN = (
    Way("plain float32", plain_float32, "SeqIO, numpy.eye, pandas.to_parquet", sampled=True),
    Way("plain uint8", plain_uint8, "the same in bytes", sampled=True),
)
PARSED = "SimpleFastaParser"
PEERS = (
    Way(
        "tangermeme",
        _encode_only(tangermeme),
        f"{PARSED}, utils.one_hot_encode to int8 a record, nothing written "
        "(its extract_loci needs a .fai index and is slower from nothing)",
    ),
    Way("tangermeme, written", _written(tangermeme), "the same, bytes written to one file"),
    Way(
        "seqpro", _encode_only(seqpro), f"{PARSED}, ohe to uint8 of ragged blocks, nothing written"
    ),
    Way("seqpro, written", _written(seqpro), "the same, bytes written to one file"),
    Way(
        "brisket",
        _encode_only(brisket),
        f"{PARSED}, encode_seq to uint8, nothing written",
        ("dna",),
    ),
    Way("brisket, written", _written(brisket), "the same, bytes written to one file", ("dna",)),
    Way(
        "kipoiseq",
        kipoiseq,
        f"{PARSED}, one_hot_dna to float32, nothing written",
        sampled=True,
    ),
    Way(
        "biotrainer",
        biotrainer,
        f"{PARSED} (its read_FASTA keeps only the last line of a wrapped record in 1.4.0), "
        "OneHotEncodingEmbedder.embed_many to float32, nothing written",
        ("protein",),
        sampled=True,
    ),
    Way(
        "seq2onehot",
        seq2onehot,
        "its own load_fasta, seq2onehot and np.save (float64); records of one length only",
        sampled=True,
        equal=True,
    ),
)
