"""Scores of variants against predictions of the two windows, written by hand."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch

from bioseqrnn.attribution.any_model import AnyModel
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.opening import is_bgzip
from bioseqrnn.inference.records import NetworkScorer
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.store import load_model, save_model
from bioseqrnn.onehot.alphabet import DNA
from bioseqrnn.stages.prediction.run import predict_query
from bioseqrnn.stages.variants import run as job
from bioseqrnn.stages.variants.alleles import agrees
from bioseqrnn.stages.variants.run import Choices, score_variants
from bioseqrnn.stages.variants.scores import Model
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.declared.variants import VARIANTS
from bioseqrnn.tasks import task_of

MACHINE = MachineConfig(device="cpu")
# 40 bases: line ends of the genome below are elsewhere
ONE = "ACGTTGCAATGGCCATTACGTTAGGCATCCAGTACCATGA"
GENOME = f">one first contig\n{ONE[:16]}\n{ONE[16:32].lower()}\n{ONE[32:]}\n>two\nACGTRNAC\n"
# POS, REF, ALT, and the two windows of 10 bases
SCORED = [
    (2, "C", "T", "ACGTTGCAAT", "ATGTTGCAAT"),
    (20, "G", "GAAC", "ATTACGTTAG", "ATTACGAACT"),
    (20, "GTTA", "G", "TACGTTAGGC", "TACGGGCATC"),
    (21, "T", "G", "TTACGTTAGG", "TTACGGTAGG"),
    (21, "T", "A", "TTACGTTAGG", "TTACGATAGG"),
    (21, "TTA", "GCG", "TACGTTAGGC", "TACGGCGGGC"),
    (21, "t", "n", "TTACGTTAGG", "TTACGNTAGG"),
    (37, "ATGA", "A", "AGTACCATGA", "TCCAGTACCA"),
    (40, "A", "ACC", "", ""),
]
HEADER = (
    '##fileformat=VCFv4.3\n##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth, of all">\n'
    "##source=by hand\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts 1\n"
)


def line(pos, ref, alt, chrom="one", info="DP=7"):
    return f"{chrom}\t{pos}\tv{pos}\t{ref}\t{alt}\t9.5\tPASS\t{info}\tGT:X\t0/1:a,b\n"


def make_model(path, task="multiclass", classes=("a", "b", "c"), strands="single", **card):
    torch.manual_seed(4)
    both = {"reverse_complement": "average"} if strands == "both" else {}
    config = ModelConfig(cell="gru", hidden_size=6, stem_filters=4, **both)
    network = SequenceClassifier(config, 4, task_of(task).outputs(list(classes)), task_of(task))
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(3)
    known = {
        "alphabet": "dna", "symbols": "ACGT", "classes": list(classes), "task": task,
        "config": config.model_dump(), "model": "gru", "strands": strands, "temperature": 1.4,
        "trained_lengths": [10, 10],
    }  # fmt: skip
    save_model(path, network, known | card)
    return path


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "genome.fa").write_text(GENOME)
    make_model(tmp_path / "model.safetensors")
    return tmp_path


def score(folder, rows, *names, header=HEADER, **choices):
    (folder / "v.vcf").write_text(header + "".join(rows))
    outputs = [folder / name for name in names or ("o.tsv",)]
    score_variants(
        folder / "v.vcf", folder / "model.safetensors", folder / "genome.fa", outputs,
        choices=Choices(**choices), machine=MACHINE,
    )  # fmt: skip
    return read(folder / "o.tsv") if (folder / "o.tsv").exists() else None


def read(path):
    frame = VARIANTS.read(path)
    numbers = frame.columns[len(VARIANTS.names) :]
    return frame.assign(**{name: pd.to_numeric(frame[name]) for name in numbers})


def predicted(folder, windows):
    """Probabilities that 'predict' gives for FASTA with these sequences."""
    (folder / "w.fa").write_text("".join(f">{i}\n{w}\n" for i, w in enumerate(windows)))
    predict_query(
        folder / "w.fa", folder / "model.safetensors", [folder / "w.parquet"], machine=MACHINE
    )
    frame = pq.read_table(folder / "w.parquet").to_pandas()
    return frame.filter(like="probability_").to_numpy()


def written(numbers):
    return [float(f"{number:.8g}") for number in np.ravel(numbers)]


def test_both_windows_have_the_scores_that_predict_gives_them(folder):
    scored = [one for one in SCORED if one[3]]
    frame = score(folder, [line(pos, ref, alt) for pos, ref, alt, _, _ in SCORED])
    assert frame["pos"].tolist() == [one[0] for one in SCORED]
    assert frame["alt"].tolist() == [one[2] for one in SCORED]
    assert frame["reason"].tolist() == [""] * len(scored) + ["long_allele"]
    assert frame["start"].dropna().tolist() == [0, 14, 16, 15, 15, 16, 15, 30]
    frame = frame.iloc[: len(scored)]
    ref, alt = (predicted(folder, [one[place] for one in scored]) for place in (3, 4))
    for place, name in enumerate("abc"):
        logits = []
        for allele, p in (("ref", ref), ("alt", alt)):
            others = np.delete(p, place, axis=1).sum(axis=1)
            logits.append(np.log(p[:, place]) - np.log(others))
            assert frame[f"probability_{allele}_{name}"].tolist() == written(p[:, place])
            assert frame[f"logit_{allele}_{name}"].tolist() == written(logits[-1])
        assert frame[f"difference_{name}"].tolist() == written(logits[1] - logits[0])
    # the weights are large: windows differ
    assert frame["difference_a"].abs().min() > 1e-4


def test_the_rank_is_the_share_of_single_changes_with_such_a_difference(folder):
    frame = score(folder, [line(21, "T", "G,A"), line(21, "TTA", "GCG")])
    for rows, window in (([0, 1], "TTACGTTAGG"), ([2], "TACGTTAGGC")):
        changed = [
            window[:i] + base + window[i + 1 :]
            for i in range(10)
            for base in "ACGT"
            if base != window[i]
        ]
        p = predicted(folder, [window, *changed])
        logits = np.log(p) - np.log1p(-p)
        sizes = np.abs(logits[1:] - logits[0])
        for row in rows:
            for place, name in enumerate("abc"):
                own = abs(frame.loc[row, f"difference_{name}"])
                share = float(np.mean(sizes[:, place] >= own - 1e-6))
                assert frame.loc[row, f"rank_{name}"] == pytest.approx(share)
    # a single change is one of those that it is compared with
    assert frame.loc[:1, "rank_a"].min() >= 1 / 30
    assert not score(folder, [line(21, "T", "G")], ranks=False).filter(like="rank").size


def test_changes_are_windows_with_one_other_base(folder):
    network, _ = load_model(folder / "model.safetensors", torch.device("cpu"))
    card = {"alphabet": "dna", "classes": ["a", "b", "c"], "temperature": 1.4}
    model = AnyModel(NetworkScorer(network, DNA, torch.device("cpu")), card)
    window = "ACGTTGNAAT"
    changed = [
        f"{window[:place]}{base}{window[place + 1 :]}"
        for place in range(len(window))
        for base in "ACGT"
        if base != window[place]
    ]
    assert len(changed) == 9 * 3 + 4
    for strand in ("+", "-", "both"):
        one = Model(model, strand)
        np.testing.assert_allclose(one.changes(window), one.logits(changed), atol=1e-5)


def test_strands(folder):
    rows = [line(21, "T", "G"), line(20, "GTTA", "G")]
    complement = str.maketrans("ACGT", "TGCA")
    found = {}
    for strand in ("+", "-", "both"):
        found[strand] = score(folder, rows, strand=strand)
    windows = [w[::-1].translate(complement) for w in (SCORED[3][4], SCORED[2][4])]
    p = predicted(folder, windows)
    assert found["-"]["probability_alt_a"].tolist() == written(p[:, 0])
    for column in ("logit_ref_a", "logit_alt_b"):
        higher = np.maximum(found["+"][column], found["-"][column])
        assert found["both"][column].tolist() == higher.tolist()
    make_model(folder / "model.safetensors", strands="both")
    pd.testing.assert_frame_equal(score(folder, rows), score(folder, rows, strand="-"))


REFUSED = [
    (line(5, "A", "G"), "ref_mismatch"),
    (line(39, "GAA", "G"), "outside_contig"),
    (line(0, "N", "<DEL>"), "outside_contig"),
    (line(5, "T", "G", chrom="chrone"), "no_contig"),
    (line(5, "T", "."), "no_alt"),
    (line(5, "T", "*"), "spanning_deletion"),
    (line(5, "T", "<DEL>"), "symbolic"),
    (line(5, "T", "<NON_REF>"), "symbolic"),
    (line(5, "T", "T[two:3["), "breakend"),
    (line(5, "T", "]two:3]T"), "breakend"),
    (line(5, "T", ".T"), "breakend"),
    (line(5, "T", "T?"), "not_bases"),
    (line(5, "T", "t"), "same_as_ref"),
    (line(3, "G", "A", chrom="two"), "short_contig"),
    (line(20, "G", "G" + "ACGT" * 3), "long_allele"),
]


def test_what_has_no_score_is_kept_with_the_reason(folder):
    rows = [line(21, "T", "G"), *(row for row, _ in REFUSED), line(21, "T", "C,<DUP>,A")]
    score(folder, rows, "o.tsv", "o.vcf")
    frame = read(folder / "o.tsv")
    wanted = ["", *(reason for _, reason in REFUSED), "", "symbolic", ""]
    assert frame["reason"].tolist() == wanted
    assert (frame["logit_ref_a"].isna() == (frame["reason"] != "")).all()
    lines = (folder / "o.vcf").read_text().splitlines()
    body = [one.split("\t") for one in lines if not one.startswith("#")]
    before = [row.rstrip("\n").split("\t") for row in rows]
    assert [[*c[:7], *c[8:]] for c in body] == [[*c[:7], *c[8:]] for c in before]
    for cells, reason in zip(body[1:], wanted[1:-3], strict=False):
        expected = "DP=7" if reason == "no_alt" else f"DP=7;BIOSEQRNN_REASON={reason}"
        assert cells[7] == expected
    several = dict(pair.split("=") for pair in body[-1][7].split(";"))
    assert several["BIOSEQRNN_REASON"] == ".,symbolic,."
    numbers = several["BIOSEQRNN_DIFFERENCE_b"].split(",")
    assert numbers[1] == "."
    assert float(numbers[0]) == pytest.approx(frame["difference_b"].iloc[-3], rel=1e-5)
    assert float(numbers[2]) == pytest.approx(frame["difference_b"].iloc[-1], rel=1e-5)


def test_the_vcf_keeps_its_header_and_declares_what_is_new(folder):
    score(folder, [line(21, "T", "G", info=".")], "o.vcf", "o.vcf.gz", "o.tsv.gz")
    lines = (folder / "o.vcf").read_text().splitlines()
    kept = HEADER.splitlines()
    assert lines[: len(kept) - 1] == kept[:-1]
    assert lines[-2] == kept[-1]
    keys = [pair.split("=")[0] for pair in lines[-1].split("\t")[7].split(";")]
    assert len(keys) == len(set(keys)) == 18
    declared = [one.split(",")[0] for one in lines if one.startswith("##INFO=<ID=BIOSEQRNN_")]
    assert declared == [f"##INFO=<ID={key}" for key in [*keys, "BIOSEQRNN_REASON"]]
    assert is_bgzip(folder / "o.vcf.gz")
    assert gzip.decompress((folder / "o.vcf.gz").read_bytes()).decode().splitlines() == lines
    assert gzip.decompress((folder / "o.tsv.gz").read_bytes()).startswith(b"chrom\tpos\t")


def test_classes_with_odd_names_have_different_keys(folder):
    make_model(folder / "model.safetensors", classes=("a b", "a,b", "c"))
    score(folder, [line(21, "T", "G")], "o.vcf")
    cells = (folder / "o.vcf").read_text().splitlines()[-1].split("\t")
    keys = [pair.split("=")[0] for pair in cells[7].split(";")]
    assert len(set(keys)) == len(keys) == 19


def test_blocks_do_not_matter(folder, monkeypatch):
    rows = [line(pos, ONE[pos - 1], "N") for pos in range(1, 41)]
    score(folder, rows, "a.tsv", "a.vcf")
    monkeypatch.setattr(job, "BLOCK_RESIDUES", 50)
    score(folder, rows, "b.tsv", "b.vcf")
    for kind in ("tsv", "vcf"):
        assert (folder / f"a.{kind}").read_bytes() == (folder / f"b.{kind}").read_bytes()


def test_two_classes_and_values(folder):
    make_model(folder / "model.safetensors", task="binary", classes=("no", "yes"))
    frame = score(folder, [line(21, "T", "G")])
    p = predicted(folder, ["TTACGTTAGG", "TTACGGTAGG"])[:, 1]
    assert frame["probability_ref_yes"].tolist() == written(p[0])
    assert frame["logit_alt_yes"].tolist() == written(np.log(p[1] / (1 - p[1])))
    assert not frame.filter(like="_no").size
    make_model(folder / "model.safetensors", task="regression", classes=(), temperature=None)
    frame = score(folder, [line(21, "T", "G")])
    assert list(frame)[7:] == ["value_ref", "value_alt", "difference", "rank"]
    assert frame["difference"][0] == pytest.approx(frame["value_alt"][0] - frame["value_ref"][0])


def test_the_reference_may_stand_for_an_ambiguity_code():
    assert agrees("acgt", "ACGT")
    assert agrees("AACN", "RACR")
    assert agrees("ACT", "ACU")
    assert not agrees("G", "R")
    assert not agrees("N", "A")
    assert not agrees("AC", "A")


@pytest.mark.parametrize(
    ("rows", "header", "said"),
    [
        ([], "", "v.vcf: not VCF: there is no line '#CHROM"),
        ([], "##fileformat=VCFv4.2\none\t2\t.\tC\tT\n", "there is no line '#CHROM"),
        ([], "#CHROM\tPOS\tREF\n", "line 1: the columns must be #CHROM POS ID REF"),
        ([line(2, "C", "T")[:20] + "\n"], HEADER, "row 1: has 7 columns, but the header has 10"),
        ([line("2x", "C", "T")], HEADER, "row 1: POS '2x' is not a whole number"),
        ([line(2, "C", "T,")], HEADER, "row 1: REF or ALT is empty"),
        (
            [line(2, "G", "T"), line(3, "C", "T")], HEADER,
            "in all 2 rows: VCF of another genome; give the genome that it was made with",
        ),
        (
            [line(2, "C", "T", chrom="1"), line(2, "C", "T", chrom="2")], HEADER,
            r"none of its contigs \(1, 2\) is in .*genome.fa \(one, two\)",
        ),
        (
            [line(2, "C", "T")], HEADER.replace("ID=DP", "ID=BIOSEQRNN_RANK_a"),
            "has the INFO field BIOSEQRNN_RANK_a already",
        ),
    ],
)  # fmt: skip
def test_a_wrong_vcf_is_one_line(folder, rows, header, said):
    with pytest.raises(InputError, match=said) as error:
        score(folder, rows, "o.vcf", header=header)
    assert "\n" not in str(error.value)
    assert not (folder / "o.vcf").exists()


def test_wrong_models_genomes_and_names_are_one_line(folder):
    def refused(said, *names, **choices):
        with pytest.raises(InputError, match=said):
            score(folder, [line(2, "C", "T")], *names, **choices)

    refused(r"o.txt: must end in .tsv, .tsv.gz, .vcf, .vcf.gz", "o.txt")
    make_model(folder / "model.safetensors", trained_lengths=[8, 12])
    refused("trained on records of 8 to 12 bases; choose the length of the windows by --window")
    assert score(folder, [line(2, "C", "T")], window=11)["reason"].tolist() == [""]
    make_model(folder / "model.safetensors", trained_lengths=None)
    refused("its card does not say which length")
    make_model(folder / "model.safetensors", task="per_position")
    refused("is a per_position model")
    make_model(folder / "model.safetensors")
    (folder / "genome.fa").write_text(">p\nMKLVEEQFPW\n")
    refused("is not a DNA letter")


def test_a_cut_archive_is_one_line(folder):
    (folder / "v.vcf.gz").write_bytes(gzip.compress((HEADER + line(2, "C", "T")).encode())[:-9])
    with pytest.raises(InputError, match="the gz archive is damaged or cut short"):
        score_variants(
            folder / "v.vcf.gz", folder / "model.safetensors", folder / "genome.fa",
            [folder / "o.tsv"], choices=Choices(), machine=MACHINE,
        )  # fmt: skip
