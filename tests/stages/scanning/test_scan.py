"""Scans against predictions of each window as a record, and against a FASTA index."""

from __future__ import annotations

import gzip
from itertools import product

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from small_models import small_network

from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.fasta.genome import reverse_complement
from bioseqrnn.stages.prediction.run import predict_query
from bioseqrnn.stages.scanning import layout
from bioseqrnn.stages.scanning.outputs import ENDINGS
from bioseqrnn.stages.scanning.run import Choices, scan_genome
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.declared.scanning import SCAN_REGIONS, SCAN_WINDOWS

MACHINE = MachineConfig(device="cpu")


def bases(count, seed=1):
    return "".join(np.random.default_rng(seed).choice(list("ACGT"), count))


def wrapped(text, width):
    return "".join(f"{text[i : i + width]}\n" for i in range(0, len(text), width))


@pytest.fixture
def genome(tmp_path):
    """Records of awkward lengths, lines and letters, with runs of N and gaps."""
    one = bases(731)
    two = bases(400, 2)
    two = two[:90] + "N" * 120 + two[210:300].lower() + "-" * 3 + two[303:]
    path = tmp_path / "genome.fa"
    path.write_text(
        f">one a contig\n{wrapped(one, 37)}>two\n{wrapped(two, 61)}>short\n{bases(25, 3)}\n"
    )
    return path


def scan(model, genome, *outputs, **choices):
    return scan_genome(model, [genome], outputs, choices=Choices(**choices), machine=MACHINE)


def indexed(genome, name, start, end):
    """Bases by the FASTA index."""
    from pyfaidx import Fasta

    with Fasta(str(genome), as_raw=True, rebuild=True) as fasta:
        return fasta[name][start:end]


def predicted(tmp_path, model, genome, rows):
    """Scores of the windows of some rows, each written as a record of its own."""
    fasta = tmp_path / "windows.fa"
    texts = []
    for number, row in enumerate(rows.itertuples()):
        text = indexed(genome, row.sequence, row.start, row.end).replace("-", "N")
        texts.append(f">{number}\n{reverse_complement(text) if row.strand == '-' else text}\n")
    fasta.write_text("".join(texts))
    output = tmp_path / "windows.parquet"
    predict_query(fasta, model, [output], machine=MACHINE)
    return pq.read_table(output).to_pandas()


@pytest.mark.parametrize(
    ("config", "window", "stride"),
    [
        ({}, 60, 15),
        ({"stem_pool": 3, "stem_summary": True}, 60, 14),
        ({"stem_pool": 4, "stem_width": 7, "positions": 0}, 58, 11),
        ({"stem_pool": 2, "members": 2, "cell": "lstm"}, 61, 7),
        ({"reverse_complement": "average", "stem_pool": 3, "stem_summary": True}, 59, 20),
        ({"reverse_complement": "average", "cell": "rnn", "pooling": ["last", "centre"]}, 40, 40),
        ({"stem_filters": 0}, 33, 10),
        ({"stem_width": 1}, 33, 10),
        ({"stem_pool": 5}, 9, 3),
    ],
)
def test_a_window_has_the_scores_of_a_record(tmp_path, genome, monkeypatch, config, window, stride):
    both = config.get("reverse_complement") == "average"
    model = small_network(
        tmp_path / "m" / "model.safetensors", "multiclass", config,
        strands="both" if both else "single",
    )  # fmt: skip
    output = tmp_path / "w.parquet"
    count = scan(model, genome, output, window=window, stride=stride, most_unknown=0.2)
    rows = pq.read_table(output).to_pandas()
    wanted = predicted(tmp_path, model, genome, rows)
    names = [name for name in rows if name.startswith("probability")]
    assert len(names) == 3
    assert np.abs(rows[names].to_numpy() - wanted[names].to_numpy()).max() < 1e-6
    assert rows["call"].tolist() == wanted["call"].tolist()
    assert set(rows["strand"]) == ({"."} if both else {"+", "-"})
    # every base of a record is in a window, and windows begin every so many bases
    one = rows[rows["sequence"] == "one"].drop_duplicates("start")
    starts = one["start"].tolist()
    assert starts == [*range(0, 731 - window, stride), 731 - window]
    assert rows[rows["sequence"] == "short"]["end"].unique().tolist() == [min(25, window)] or (
        window < 25
    )
    # windows of two with too many N have no row
    for start in set(rows[rows["sequence"] == "two"]["start"]):
        text = indexed(genome, "two", start, start + window)
        assert sum(text.count(letter) for letter in "N-") <= 0.2 * window
    strands = 1 if both else 2
    skipped = count - len(rows) / strands
    assert skipped > 0
    # other chunks, other numbers of windows at once: the same scores
    monkeypatch.setattr(layout, "UNIT_WINDOWS", 5)
    again = tmp_path / "again.parquet"
    scan(model, genome, again, window=window, stride=stride, most_unknown=0.2)
    others = pq.read_table(again).to_pandas()
    assert np.abs(others[names].to_numpy() - rows[names].to_numpy()).max() < 1e-6
    assert others[["sequence", "start", "end", "strand"]].equals(
        rows[["sequence", "start", "end", "strand"]]
    )


@pytest.mark.parametrize("task", ["binary", "multilabel", "regression"])
def test_other_tasks_and_proteins(tmp_path, task):
    fasta = tmp_path / "p.fa"
    text = "".join(np.random.default_rng(5).choice(list("ACDEFGHIKLMNPQRSTVWY"), 300))
    fasta.write_text(f">p\n{wrapped(text, 50)}")
    model = small_network(tmp_path / "model.safetensors", task, alphabet="protein")
    output = tmp_path / "w.parquet"
    scan(model, fasta, output, window=40, stride=13)
    rows = pq.read_table(output).to_pandas()
    wanted = predicted(tmp_path, model, fasta, rows)
    names = [n for n in rows if n.startswith("probability") or n == "value"]
    assert names
    assert np.allclose(rows[names], wanted[names], rtol=1e-5, atol=1e-6)
    assert set(rows["strand"]) == {"."}


@pytest.mark.parametrize("zipped", [False, True])
def test_text_says_what_parquet_says_and_tables_are_as_declared(tmp_path, genome, zipped):
    model = small_network(tmp_path / "model.safetensors", "multiclass", trained_lengths=[60, 60])
    fasta = genome
    if zipped:
        fasta = tmp_path / "genome.fa.gz"
        fasta.write_bytes(gzip.compress(genome.read_bytes().replace(b"\n", b"\r\n")))
    scan(model, fasta, tmp_path / "w.parquet", tmp_path / "w.tsv", tmp_path / "w.tsv.gz")
    rows = pq.read_table(tmp_path / "w.parquet").to_pandas()
    text = SCAN_WINDOWS.read(tmp_path / "w.tsv")
    assert not SCAN_WINDOWS.undeclared(text.columns)
    assert gzip.decompress((tmp_path / "w.tsv.gz").read_bytes()) == (
        (tmp_path / "w.tsv").read_bytes()
    )
    assert text[["sequence", "start", "end", "strand", "call"]].equals(
        rows[["sequence", "start", "end", "strand", "call"]].astype(text.dtypes[:5].to_dict())
    )
    assert np.allclose(text.iloc[:, 5:], rows.iloc[:, 5:], atol=6e-7)
    # the default stride is a quarter of the trained length
    assert sorted(set(rows[rows["sequence"] == "one"]["start"]))[:3] == [0, 15, 30]


def by_hand(rows, names, threshold):
    """Regions of rows, merged one by one."""
    found = []
    for (sequence, strand), own in rows.groupby(["sequence", "strand"], sort=False):
        for name in names:
            last = None
            for row in own.sort_values("start").to_dict("records"):
                score = row[f"probability_{name}"]
                if score < threshold:
                    continue
                if last and row["start"] <= last[2]:
                    last[2] = row["end"]
                    last[5] = max(last[5], score)
                    last[6] += 1
                else:
                    last = [sequence, row["start"], row["end"], name, strand, score, 1]
                    found.append(last)
    return sorted(map(tuple, found))


def test_regions_are_merged_windows(tmp_path, genome, monkeypatch):
    monkeypatch.setattr(layout, "UNIT_WINDOWS", 4)
    model = small_network(tmp_path / "model.safetensors", "multiclass")
    threshold = 0.4
    scan(
        model, genome, tmp_path / "w.parquet", tmp_path / "r.bed", tmp_path / "r.bed.gz",
        window=40, stride=11, threshold=threshold, classes=("EI", "N"),
    )  # fmt: skip
    rows = pq.read_table(tmp_path / "w.parquet").to_pandas()
    assert gzip.decompress((tmp_path / "r.bed.gz").read_bytes()) == (
        (tmp_path / "r.bed").read_bytes()
    )
    bed = pd.read_csv(tmp_path / "r.bed", sep="\t", header=None, names=SCAN_REGIONS.names)
    found = sorted(
        zip(bed.chrom, bed.start, bed.end, bed.name, bed.strand, bed.windows, strict=True)
    )
    wanted = by_hand(rows, ["EI", "N"], np.float32(threshold))
    assert found == [row[:5] + row[6:] for row in wanted]
    assert max(row[6] for row in wanted) > 4
    scores = sorted(zip(bed.chrom, bed.start, bed.end, bed.name, bed.strand, bed.probability,
                        strict=True))  # fmt: skip
    assert np.allclose([row[5] for row in scores], [row[5] for row in wanted], atol=6e-7)
    assert (bed.score == (bed.probability * 1000).round()).all()


def test_default_calls_are_those_of_predict(tmp_path, genome):
    model = small_network(tmp_path / "model.safetensors", "binary", thresholds={"yes": 0.3})
    scan(model, genome, tmp_path / "w.parquet", tmp_path / "r.bed", window=40, stride=40)
    rows = pq.read_table(tmp_path / "w.parquet").to_pandas()
    called = rows[rows["call"] == "yes"]
    assert ((rows["probability_yes"] >= 0.3) == (rows["call"] == "yes")).all()
    bed = pd.read_csv(tmp_path / "r.bed", sep="\t", header=None)
    assert set(bed[3]) == {"yes"}
    assert bed[7].sum() == len(called)


def test_tracks_are_means_of_windows(tmp_path, genome):
    import pybigtools

    model = small_network(tmp_path / "model.safetensors", "multiclass")
    window, stride = 40, 12
    scan(
        model, genome, tmp_path / "w.parquet", tmp_path / "t.{class}.{strand}.bw",
        tmp_path / "t.{class}.{strand}.bedgraph", window=window, stride=stride,
    )  # fmt: skip
    rows = pq.read_table(tmp_path / "w.parquet").to_pandas()
    lengths = {"one": 731, "two": 400, "short": 25}
    for name, strand in product(("EI", "IE", "N"), ("plus", "minus")):
        own = rows[rows["strand"] == {"plus": "+", "minus": "-"}[strand]]
        wanted = {}
        for sequence, length in lengths.items():
            for begin in range(0, length, stride):
                end = min(begin + stride, length)
                inside = own[
                    (own.sequence == sequence)
                    & (own.start <= (begin + end) // 2)
                    & (own.end > (begin + end) // 2)
                ]
                if len(inside):
                    wanted[sequence, begin, end] = inside[f"probability_{name}"].mean()
        graph = pd.read_csv(tmp_path / f"t.{name}.{strand}.bedgraph", sep="\t", header=None)
        assert list(zip(graph[0], graph[1], graph[2], strict=True)) == list(wanted)
        assert np.allclose(graph[3], list(wanted.values()), atol=6e-7)
        track = pybigtools.open(str(tmp_path / f"t.{name}.{strand}.bw"))
        assert track.chroms() == lengths
        read = {
            (chrom, begin, end): value
            for chrom in lengths
            for begin, end, value in track.records(chrom)
        }
        assert read.keys() == wanted.keys()
        assert np.allclose([read[k] for k in wanted], list(wanted.values()), atol=1e-6)


@pytest.mark.parametrize(
    ("choices", "outputs", "words"),
    [
        ({}, ["w.txt"], "w.txt: is not a format of scans"),
        ({}, ["w.parquet"], "choose the length of the windows by --window"),
        ({"window": 40}, ["t.bw"], "write {class} in its name"),
        ({"window": 40, "classes": ("N",)}, ["t.bw"], "write {strand} in its name"),
        ({"window": 40, "classes": ("X",)}, ["w.tsv"], "has no such class; it has EI, IE, N"),
        ({"window": 40}, ["genome.fa.tsv", "a.tsv", "a.tsv"], "are the same file"),
    ],
)
def test_mistakes_are_one_line_and_nothing_is_written(tmp_path, genome, choices, outputs, words):
    model = small_network(tmp_path / "model.safetensors", "multiclass")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError) as refused:
        scan(model, genome, *(tmp_path / name for name in outputs), **choices)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    assert sorted(tmp_path.iterdir()) == before


def test_bad_genomes_are_refused(tmp_path):
    model = small_network(tmp_path / "model.safetensors", "multiclass")
    fasta = tmp_path / "bad.fa"
    for text, words in (
        (">a\nACGT\nAC!T\n", "record 'a', position 7: '!' is not a DNA letter"),
        (">a\nACGT\n>a\nACGT\n", "duplicate id 'a'"),
        (">a\n>b\nACGT\n", "has no residues"),
        (">\nACGT\n", "has no id"),
        ("", "no '>' record"),
    ):
        fasta.write_text(text)
        with pytest.raises(InputError, match=words.replace("(", "\\(")):
            scan(model, fasta, tmp_path / "w.tsv", window=40)
    assert not (tmp_path / "w.tsv").exists()


def test_models_per_position_and_regions_of_numbers_are_refused(tmp_path, genome):
    positions = small_network(tmp_path / "p.safetensors", "per_position")
    with pytest.raises(InputError, match="predicts every residue"):
        scan(positions, genome, tmp_path / "w.tsv", window=40)
    values = small_network(tmp_path / "v.safetensors", "regression")
    with pytest.raises(InputError, match="the model predicts a number"):
        scan(values, genome, tmp_path / "w.bed", window=40)
    scan(values, genome, tmp_path / "t.bw", window=40, strand="-")
    assert (tmp_path / "t.bw").stat().st_size > 500


def test_every_ending_is_in_the_help():
    from bioseqrnn.cli.commands import function_of

    text = str(function_of("scan").__annotations__["output"])
    assert [ending for ending in ENDINGS if ending not in text] == []
