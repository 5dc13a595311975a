"""The same FASTA gives the same residues, or the same refusal, whoever reads it."""

from __future__ import annotations

import bz2
import gzip
import lzma
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest
import torch
from conftest import encode
from fasta_cases import ACCEPTED, ACCEPTED_PROTEIN, REFUSED, bgzip, zstd
from fasta_oracle import residues

from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.genome import Genome
from bioseqrnn.fasta.sources import Source
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.store import save_model
from bioseqrnn.onehot.alphabet import ALPHABETS
from bioseqrnn.stages.prediction.run import predict_query
from bioseqrnn.support.errors import InputError
from bioseqrnn.tasks import TASKS

Residues = dict[str, str]
TEXT = "is this text or residues? its spaces do not divide the record into groups of equal size"
GROUPS = b">a\n  ACGTACGTAC GTACGTACGT ACGTACGTAC\n  ACGTACGTAC ACG\n  GG\n>b\nGGC\n"
ODD = {name: case[0] for name, case in ACCEPTED.items()} | {
    "groups of ten": GROUPS,
    "groups of ten, Windows": GROUPS.replace(b"\n", b"\r\n"),
    "masked with X": b">a\nACGTXXXXXXACGT\n>b\nxxACGT\n",
    "an aligned file": b">a\nAC..GT-A\n>b\n.CC.GTAA\n",
    "lines of several lengths": b">a\nACG\nACGTACGT\nA\n>b\nAC\nACG\n",
    "blank lines inside": b">a\nACGT\n\nACGT\n>b\nACG\n",
    "Windows line ends in some lines": b">a\r\nACGT\nACGT\r\nAC\n>b\nACG\n",
    "one line a record": b">a\nACGTACGT\n>b\nACG",
    "regular lines": b">a x\nACGT\nacgt\nAN\n>b\nGGCC\n",
    "gzip": gzip.compress(b">a\nACGT\nAC\n>b\nGGC\n"),
    "bgzip": bgzip(b">a\nACGT\nAC\n>b\nGGC\n"),
    "bgzip of odd lines": bgzip(b"; x\n>a\nACGT\nACGTA\n>b\nGGC\n"),
    "bgzip and gzip": bgzip(b">a\nACGT\nAC\n") + gzip.compress(b">b\nGGC\n"),
    "bzip2": bz2.compress(b">a\nACGT\nAC\n>b\nGGC\n"),
    "xz": lzma.compress(b">a\nACGT\nAC\n>b\nGGC\n"),
    "zstd": zstd(b">a\nACGT\nAC\n>b\nGGC\n"),
}
SPOILT = {name: data for name, (data, _) in REFUSED.items()} | {
    "residues behind '!'": b">a\nACGT\n!!ACGTA\nAC\n",
    "residues behind '#'": b">a\nACGT\n#ACG\n",
    "residues behind '!' at the end": b">a\nACGT\n!ACG",
    "blanks that part no groups": b">a\nACGTACGTAC ACGTACGT ACGT\n",
    "groups of other sizes in two lines": b">a\nACGT ACGT\nACG ACG\n",
    "a line longer than the groups": b">a\nACGT ACGT\nACGTACGT\n",
    "a header inside a line": b">a\nACGT>b\nGGC\n",
    "numbers of GenBank": b">a\n1 acgtacgtac gtacgtacgt\n",
    "GFF with a FASTA tail": b"##gff-version 3\nc\ts\tgene\t1\t9\n##FASTA\n>c\nACGT\n",
    "a page around it": b"<pre>\n>a\nACGT\n</pre>\n",
    "a page's end": b">a\nACGT\n</pre>\n",
    "Stockholm": b"# STOCKHOLM 1.0\na ACGT\n//\n",
    "Clustal": b"CLUSTAL W\n\na ACGT\n",
    "a quote": b'>a\n"ACGT"\n',
    "gaps of other programs": b">a\nAC~~GT\n",
    "all on one line": b">a some gene ACGTACGTACGT\n",
}
PROTEINS = {name: case[0] for name, case in ACCEPTED_PROTEIN.items()} | {
    "a final '.'": b">a\nMKWE.\n>b\nMK\n",
    "aligned with '.'": b">a\nMK.WE\n>b\nMKVWE\n",
    "'.' and '-'": b">a\nMK.W-E\n>b\nMK\n",
    "'.' at both ends": b">a\n..MKWE..\n>b\nMK\n",
    "PIR": b">P1;X\nALPHA CHAIN\n  MKWEM KWE*\n",
    "PIR with a title of one word": b">P1;X\nCRAMBIN\nMKWEMKWE*\n",
    "a wrapped header": b">a hypothetical\nprotein of unknown function\nMKWEMKWEMKWE\n",
    "a wrapped header of two words": b">a x\nputative kinase\nMKWEMKWEMKWE\n",
    "a sentence behind": b">a\nMKWEMKWE\nThis is the end of it\n",
    "'.' between residues": b">a\nMKWE.MKWE\n>b\nMK\n",
    "'.' in the only record": b">a\nMKWE.MKWE\n",
    "several '.' between residues": b">a\nMKWE..MKWE.\n>b\nMK\n",
}


def refusal(error: InputError, path: Path) -> str:
    return str(error).removeprefix("genome ").removeprefix(f"{path}: ").split("; ids must be")[0]


def encoded(folder: Path, path: Path, source: Source, alphabet: str) -> Residues | str:
    other = folder / "other.fa"
    other.write_text(">the-other\nACGG\n")
    try:
        table = encode(folder, [source, Source(other, "y")], alphabet=alphabet)
    except InputError as error:
        return refusal(error, path)
    found = residues(table.packed, ALPHABETS[alphabet])
    return dict(zip(table.ids[:-1], found[:-1], strict=True))


def of_genome(folder: Path, path: Path) -> Residues | str:
    """All of each chromosome as an interval."""
    table = folder / "whole.tsv"
    rows = ["chrom\tstart\tend\tid", "a\t0\t1\ta"]
    with suppress(InputError):
        rows[1:] = [f"{n}\t0\t{size}\t{n}" for n, size in Genome(path).lengths.items()]
    table.write_text("\n".join(rows) + "\n")
    return encoded(folder, path, Source(path, "x", intervals=table), "dna")


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, Path]:
    """Untrained networks whose value depends on every residue."""
    paths = {}
    for alphabet in ALPHABETS.values():
        torch.manual_seed(4)
        config = ModelConfig(cell="gru", hidden_size=5)
        card = {
            "alphabet": alphabet.name, "symbols": alphabet.symbols, "classes": [],
            "task": "regression", "config": config.model_dump(), "model": "gru", "trained_on": 9,
        }  # fmt: skip
        network = SequenceClassifier(config, alphabet.width, 1, TASKS["regression"])
        paths[alphabet.name] = tmp_path_factory.mktemp("models") / f"{alphabet.name}.safetensors"
        save_model(paths[alphabet.name], network, card)
    return paths


def predicted(folder: Path, path: Path, model: Path) -> pd.DataFrame | str:
    try:
        predict_query(
            path,
            model,
            [folder / "q.parquet", folder / "q.tsv.gz"],
            machine=MachineConfig(device="cpu"),
        )
    except InputError as error:
        assert not (folder / "q.parquet").exists()
        return refusal(error, path)
    return pd.read_parquet(folder / "q.parquet")


def assert_refused(predictions: pd.DataFrame | str, found: str) -> None:
    """The file is refused, or the record, for the same reason."""
    if isinstance(predictions, str):
        assert predictions == found
        return
    refused = predictions[predictions["status"] == "refused"]
    assert refused["reason"].iloc[0] in found
    assert refused.filter(like="probability_").isna().all(axis=None)


def check(folder: Path, data: bytes, alphabet: str, model: Path) -> Residues | str:
    path = folder / "x.fa"
    path.write_bytes(data)
    found = encoded(folder, path, Source(path, "x"), alphabet)
    if alphabet == "dna":
        assert of_genome(folder, path) == found
    predictions = predicted(folder, path, model)
    if isinstance(found, str):
        # a query may hold an id twice
        if not found.startswith("duplicate id"):
            assert_refused(predictions, found)
        return found
    clean = folder / "clean.fa"
    clean.write_text("".join(f">{name}\n{text}\n" for name, text in found.items()), "utf-8")
    pd.testing.assert_frame_equal(predictions, predicted(folder, clean, model))
    return found


@pytest.mark.parametrize("name", ODD)
def test_dna_that_is_read(tmp_path, models, name):
    assert isinstance(check(tmp_path, ODD[name], "dna", models["dna"]), dict)


@pytest.mark.parametrize("name", SPOILT)
def test_dna_that_is_refused(tmp_path, models, name):
    assert isinstance(check(tmp_path, SPOILT[name], "dna", models["dna"]), str)


READ = {"a final '.'": {"a": "MKWE", "b": "MK"}, "aligned with '.'": {"a": "MKWE", "b": "MKVWE"},
        "'.' and '-'": {"a": "MKWE", "b": "MK"},
        "'.' at both ends": {"a": "MKWE", "b": "MK"}}  # fmt: skip
PIR = (
    "record 'P1;X' is in PIR (NBRF) format, not FASTA: its second line is a title; convert the file"
)
DOT = "'.' between residues is a gap in some files and a stop in others"
SAID = {
    "PIR": PIR,
    "PIR with a title of one word": PIR,
    "a wrapped header": f"line 2 (record 'a') reads 'protein of unknown function': {TEXT}",
    "a wrapped header of two words": f"line 3 (record 'a') reads 'MKWEMKWEMKWE': {TEXT}",
    "a sentence behind": f"line 3 (record 'a') reads 'This is the end of it': {TEXT}",
    "'.' between residues": f"record 'a', position 5: {DOT}",
    "'.' in the only record": f"record 'a', position 5: {DOT}",
    "several '.' between residues": f"record 'a', position 5: {DOT}",
}


@pytest.mark.parametrize("name", PROTEINS)
def test_proteins(tmp_path, models, name):
    found = check(tmp_path, PROTEINS[name], "protein", models["protein"])
    if name in SAID:
        assert isinstance(found, str)
        assert found.startswith(SAID[name])
    else:
        assert found == READ.get(name, found)
        assert isinstance(found, dict)


MARK = "begins with '{}' and otherwise contains only letters: is it a comment or residues?"
DNA_SAID = {
    "residues behind '!'": "line 3 (record 'a') " + MARK.format("!"),
    "residues behind '#'": "line 3 (record 'a') " + MARK.format("#"),
    "residues behind '!' at the end": "line 3 (record 'a') " + MARK.format("!"),
    "blanks that part no groups": f"line 2 (record 'a') reads 'ACGTACGTAC ACGTACGT ACGT': {TEXT}",
    "groups of other sizes in two lines": f"line 3 (record 'a') reads 'ACG ACG': {TEXT}",
    "a line longer than the groups": f"line 3 (record 'a') reads 'ACGTACGT': {TEXT}",
    "a header inside a line": "record 'a', position 5: '>' is not a DNA letter (a header inside",
    "all on one line": "record 1 ('a') has no residues; are header and sequence ('ACGTACGTACGT",
    "gaps of other programs": "record 'a', position 3: '~' is not a DNA letter (a gap? write '-'",
}


@pytest.mark.parametrize("name", DNA_SAID)
def test_what_a_refusal_says(tmp_path, name):
    path = tmp_path / "x.fa"
    path.write_bytes(SPOILT[name])
    for alphabet in ("dna", "auto"):
        with pytest.raises(InputError) as caught:
            encode(tmp_path, [Source(path, "x")], alphabet=alphabet)
        assert str(caught.value).startswith(f"{path}: {DNA_SAID[name]}")
