"""Genes: chains of open reading frames, and GFF3."""

from __future__ import annotations

import gzip
import re
from contextlib import ExitStack
from itertools import product
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pytest
import torch
from Bio.Seq import Seq
from conftest import BIN, ROOT, pack, run_command, write_exons

from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.conversions import Conversions
from bioseqrnn.fasta.records import PackedRecords
from bioseqrnn.inference.records import Predicted
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.store import save_model
from bioseqrnn.onehot.alphabet import DNA
from bioseqrnn.stages.prediction.formats.gff3 import Gff3Writer
from bioseqrnn.stages.prediction.formats.writer import Coding, Content
from bioseqrnn.stages.prediction.genes import StrandCaller, bases_of
from bioseqrnn.stages.prediction.orfs import UNKNOWN, Limits, best_chain
from bioseqrnn.stages.prediction.run import predict_query
from bioseqrnn.support.errors import InputError
from bioseqrnn.tasks import task_of

PAGE = ROOT / "docs" / "genes.md"
STOPS = ("TAA", "TAG", "TGA")
SMALL = Limits(coding=0.5, cost=1.0, not_atg=4.0, shortest=9, overlap=0)
START_COSTS = {"ATG": 0.0, "GTG": SMALL.not_atg, "TTG": SMALL.not_atg}
CLOSED = (False, False)


def coded(text):
    return np.array(["ACGTN".index(base) for base in text], np.uint8)


def random_text(generator, length):
    return "".join(generator.choice(list("ACGT"), length))


def frames(text, edges=CLOSED, shortest=9):
    """Every open reading frame with its cost, in the plainest way: start, end, phase, cost."""
    n, found = len(text), []
    starts = [
        (s, s, START_COSTS[text[s : s + 3]]) for s in range(n - 2) if text[s : s + 3] in START_COSTS
    ]
    starts += [(0, phase, SMALL.not_atg) for phase in range(3)] if edges[0] else []
    for start, first, cost in starts:
        end = next((i + 3 for i in range(first, n - 2, 3) if text[i : i + 3] in STOPS), None)
        end = n if end is None and edges[1] else end
        if end is not None and end - start >= shortest:
            found.append((start, end, first - start, cost))
    return found


def best_score(text, coding, edges=CLOSED, limits=SMALL):
    """Score of the best chain of genes that share no base."""
    sums = np.concatenate([[0], np.cumsum(coding - limits.coding)])
    best = np.zeros(len(text) + 1)
    genes = frames(text, edges, limits.shortest)
    for place in range(1, len(text) + 1):
        ending = [
            best[start] + sums[end] - sums[start] - cost - limits.cost
            for start, end, _, cost in genes
            if end == place
        ]
        best[place] = max([best[place - 1], *ending])
    return best[-1]


def score_of(chain, text, coding, limits=SMALL):
    """Score of a chain that the package found; each base counts once."""
    total, done = 0.0, 0
    for start, end, _, begins in chain.tolist():
        total += (coding[max(start, done) : end] - limits.coding).sum() - limits.cost
        total -= START_COSTS[text[start : start + 3]] if begins else SMALL.not_atg
        done = end
    return total


@pytest.mark.parametrize("edges", list(product((False, True), repeat=2)))
def test_no_chain_is_better(edges):
    generator, genes = np.random.default_rng(3), 0
    for _ in range(60):
        text = random_text(generator, 300)
        # stretches that are coding, or not
        coding = np.repeat(generator.random(30), 10)
        chain = best_chain(coded(text), coding, edges, 11, SMALL)
        known = {(start, end, phase) for start, end, phase, _ in frames(text, edges)}
        assert {tuple(row[:3]) for row in chain.tolist()} <= known
        assert (chain[1:, 0] >= chain[:-1, 1]).all()
        assert score_of(chain, text, coding) == pytest.approx(best_score(text, coding, edges))
        genes += len(chain)
    assert genes > 60


def test_neighbours_may_share_a_few_bases():
    """ATGA: the second gene begins in the stop codon of the first."""
    first, second = "ATG" + "GCC" * 20 + "GCATGA", "ATGA" + "GC" + "CGC" * 20 + "TAA"
    text = "CC" * 10 + first + second[4:] + "CC" * 10
    coding = np.full(len(text), 0.05)
    coding[20 : 20 + len(first + second) - 4] = 0.95
    chain = best_chain(coded(text), coding, CLOSED, 11, Limits(cost=9, shortest=30))
    end = 20 + len(first)
    assert chain[:, :2].tolist() == [[20, end], [end - 4, end - 4 + len(second)]]
    alone = best_chain(coded(text), coding, CLOSED, 11, Limits(cost=9, shortest=30, overlap=3))
    assert len(alone) == 1


def test_the_genetic_code_and_unknown_bases():
    # TGA is no stop codon of Mycoplasma; GTG is no start of a nuclear gene; N is nothing
    text = "GTG" + "GCC" * 30 + "TGA" + "GCC" * 30 + "TAA"
    coding, cheap = np.full(len(text), 0.9), Limits(cost=9, not_atg=4)
    assert best_chain(coded(text), coding, CLOSED, 11, cheap)[:, :2].tolist() == [[0, 96]]
    assert best_chain(coded(text), coding, CLOSED, 4, cheap)[:, :2].tolist() == [[0, 189]]
    assert len(best_chain(coded(text), coding, CLOSED, 1, cheap)) == 0
    hidden = text.replace("TGA", "TNA")
    assert best_chain(coded(hidden), coding, CLOSED, 11, cheap)[:, :2].tolist() == [[0, 189]]


def planted(generator, genes=40):
    """A genome with genes on both strands, and where they are: start, end, strand."""
    text, places = random_text(generator, 400), []
    for number in range(genes):
        inner = "".join(
            word
            for word in (random_text(generator, 3) for _ in range(150))
            if word not in (*STOPS, *START_COSTS)
        )
        gene = "ATG" + inner + "TAA"
        strand = "+-"[number // 3 % 2]
        places.append((len(text), len(text) + len(gene), strand))
        text += gene if strand == "+" else str(Seq(gene).reverse_complement())
        # some neighbours are in one locus, some are far apart
        text += random_text(generator, 40 if number % 3 else 1500)
    return text, places


def scores_for(length, places):
    """Probabilities of F, N and R: float64 [length, 3]."""
    scores = np.tile([0.02, 0.96, 0.02], (length, 1))
    for start, end, strand in places:
        scores[start + 9 : end - 6] = [0.9, 0.06, 0.04] if strand == "+" else [0.04, 0.06, 0.9]
    return scores


def write_gff3(path, records, scores, stretch, coding=None, classes="FNR"):
    """Write predictions of some records, each in stretches; return the lines."""
    content = Content(
        task_of("per_position"), list(classes), pa.schema([]),
        dict(zip(classes, reversed(classes), strict=True)), coding,
    )  # fmt: skip
    with ExitStack() as files:
        writer = Gff3Writer(path, content, files)
        for (name, text), own in zip(records.items(), scores, strict=True):
            source = PackedRecords(pa.array([name]), pack([text], DNA), Conversions(), ())
            for start in range(0, len(text), stretch):
                part = own[start : start + stretch]
                last = start + len(part) == len(text)
                writer.write(
                    pa.table({}),
                    Predicted(source, np.array([start]), np.array([len(part)]), part, int(last)),
                )
        writer.finish({})
    return path.read_text().splitlines()


def features(lines):
    """Columns of the features of a file that is valid as a whole."""
    assert lines[0] == "##gff-version 3"
    sizes, rows, ids = {}, [], set()
    for line in lines[1:]:
        if line.startswith("##sequence-region "):
            _, name, first, size = line.split(" ")
            assert first == "1"
            assert name not in sizes
            sizes[name] = int(size)
            continue
        seqid, source, kind, start, end, score, strand, phase, attributes = line.split("\t")
        assert re.fullmatch(r"[a-zA-Z0-9.:^*$@!+_?|%-]+", seqid)
        # the region comes before its features, and those of a record are together, in order
        assert list(sizes)[-1] == seqid
        assert 1 <= int(start) <= int(end) <= sizes[seqid]
        pairs = dict(pair.split("=") for pair in attributes.split(";"))
        assert pairs["ID"] not in ids
        ids.add(pairs["ID"])
        assert (phase in "012") == (kind == "CDS")
        assert (source, 0 <= float(score) <= 1) == ("bioseqrnn", True)
        if rows and rows[-1][0] == seqid:
            assert int(start) > rows[-1][2]
        rows.append((seqid, kind, int(start) - 1, int(end), strand, float(score), pairs))
    return rows


def test_genes_are_found_on_both_strands_whatever_the_stretches(tmp_path):
    text, places = planted(np.random.default_rng(5))
    scores = scores_for(len(text), places)
    coding = Coding("F", 11)
    # an id of any characters, and the genome read from the other side
    other = str(Seq(text).reverse_complement())
    records = {"chr 1;%\tx": text, "back": other}
    both = [scores, scores[::-1, ::-1]]
    lines = write_gff3(tmp_path / "a.gff3", records, both, len(text), coding)
    rows = features(lines)
    assert [unquote(name) for name in dict.fromkeys(row[0] for row in rows)] == list(records)
    genes = [row for row in rows if row[1] == "CDS"]
    found = [(row[2], row[3], row[4]) for row in genes if row[0] != "back"]
    assert found == places
    turned = {
        (len(text) - end, len(text) - start, "-+"[strand == "-"]) for start, end, strand in places
    }
    assert {(row[2], row[3], row[4]) for row in genes if row[0] == "back"} == turned
    for name, _, start, end, strand, score, more in genes:
        gene = Seq((other if name == "back" else text)[start:end])
        gene = gene if strand == "+" else gene.reverse_complement()
        assert str(gene.translate(table=11, cds=True))
        assert more["start_codon"] == "ATG"
        assert "partial" not in more
        own = both[name == "back"][start:end, 0 if strand == "+" else 2]
        assert score == pytest.approx(own.mean(), abs=5.1e-5)
    for stretch in (97, 1000, 5001):
        assert write_gff3(tmp_path / "b.gff3", records, both, stretch, coding) == lines


def test_genes_at_the_ends_of_a_contig_are_partial(tmp_path):
    text, ((start, end, _),) = planted(np.random.default_rng(8), genes=1)
    for cut_start, cut_end, phase in ((start + 40, len(text), 2), (0, end - 50, 0)):
        piece = text[cut_start:cut_end]
        place = (max(0, start - cut_start), min(end, cut_end) - cut_start, "+")
        # nothing is open at the other end of the piece
        scores = scores_for(len(piece), [])
        scores[place[0] : place[1]] = [0.95, 0.03, 0.02]
        for strand in "+-":
            record = piece if strand == "+" else str(Seq(piece).reverse_complement())
            own = scores if strand == "+" else scores[::-1, ::-1]
            lines = write_gff3(tmp_path / "a.gff3", {"c": record}, [own], 300, Coding("F", 11))
            (gene,) = (row for row in features(lines) if row[1] == "CDS")
            here = place[:2] if strand == "+" else (len(piece) - place[1], len(piece) - place[0])
            assert (gene[2:4], gene[4], gene[6]["partial"]) == (here, strand, "true")
            assert ("start_codon" in gene[6]) == (cut_start == 0)
            assert f"\t{strand}\t{phase}\t" in next(line for line in lines if "\tCDS\t" in line)


def test_runs_have_the_strands_of_opposite_classes(tmp_path):
    text, places = planted(np.random.default_rng(6), genes=5)
    scores = scores_for(len(text), places)
    rows = features(write_gff3(tmp_path / "a.gff3", {"chr": text}, [scores], 1000))
    calls = "".join(row[6]["Name"] * (row[3] - row[2]) for row in rows)
    assert calls == "".join("FNR"[code] for code in scores.argmax(axis=1))
    assert {(row[6]["Name"], row[4]) for row in rows} == {("F", "+"), ("N", "."), ("R", "-")}
    assert {row[1] for row in rows} == {"sequence_feature"}
    # runs of other classes stay when genes are made
    both = features(write_gff3(tmp_path / "b.gff3", {"chr": text}, [scores], 1000, Coding("F", 11)))
    assert [row[2:5] for row in both if row[1] != "CDS"] == [
        row[2:5] for row in rows if row[6]["Name"] == "N"
    ]


def test_a_locus_of_any_length_is_divided(monkeypatch):
    """Memory is bounded: of bases that are all coding, no more than a locus is kept."""
    monkeypatch.setattr("bioseqrnn.stages.prediction.genes.LONGEST", 3000)
    text = ("ATG" + "GCC" * 100 + "TAA") * 60
    caller, kept, genes = StrandCaller("+", 11), 0, []
    packed = pack([text], DNA)
    for start in range(0, len(text), 500):
        genes += caller.add(packed, 0, np.full(min(500, len(text) - start), 0.9))
        kept = max(kept, start + 500 - caller.waiting)
    assert kept <= 3500
    assert len(genes) > 45
    assert all((one.end - one.start) == 306 for one in genes)


def test_bases_of_a_stretch():
    generator = np.random.default_rng(1)
    text = random_text(generator, 301)
    text = text[:100] + "NRY" + text[103:]
    packed = pack(["ACG", text], DNA)
    expected = np.array(["ACGT".find(base) % 5 for base in text])
    assert (expected == UNKNOWN).sum() == 3
    for first, count in ((0, 301), (1, 300), (97, 8), (300, 1), (150, 0)):
        np.testing.assert_array_equal(
            bases_of(packed, 1, first, count), expected[first : first + count]
        )


def save(folder, classes, opposite):
    torch.manual_seed(5)
    config = {"cell": "gru", "hidden_size": 6, "stem_filters": 4, "residues_per_step": 3}
    config["reverse_complement"] = "average" if opposite else "none"
    net = SequenceClassifier(ModelConfig(**config), 4, len(classes), task_of("per_position"))
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter)
    if opposite:
        net.opposite.copy_(torch.tensor(opposite))
    card = {
        "alphabet": "dna", "symbols": "ACGT", "classes": classes, "task": "per_position",
        "config": config, "model": "m", "trained_on": 10,
    }  # fmt: skip
    save_model(folder / "model.safetensors", net.eval(), card)


def test_the_commands_of_the_document(tmp_path):
    save(tmp_path, ["F", "N", "R"], [2, 1, 0])
    write_exons(tmp_path / "exons.fa", 2, 20)
    records = (tmp_path / "exons.fa").read_text().split("\n")
    (tmp_path / "genome.fa").write_text("\n".join([*records[:2], *records[3:5], ""]))
    (block,) = re.findall(r"^```bash\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    for line in block.splitlines():
        done = run_command(BIN / line.split()[0], *line.split()[1:], cwd=tmp_path)
        assert done.code == 0, done.out
    runs = features((tmp_path / "features.gff3").read_text().splitlines())
    genes = features(
        gzip.decompress((tmp_path / "genes.gff3.gz").read_bytes()).decode().splitlines()
    )
    assert {row[0] for row in runs} == {row[0] for row in genes} == {"contig0", "contig1"}
    assert {(row[6]["Name"], row[4]) for row in runs} == {("F", "+"), ("N", "."), ("R", "-")}
    assert {row[6]["Name"] for row in genes if row[1] != "CDS"} == {"N"}


def test_genes_that_cannot_be_made_are_refused(tmp_path):
    (tmp_path / "q.fa").write_text(">1\nACGTACGT\n")

    def predict(name, coding):
        predict_query(
            tmp_path / "q.fa", tmp_path / "model.safetensors", [tmp_path / name],
            machine=MachineConfig(device="cpu"), coding=Coding(coding, 11),
        )  # fmt: skip

    save(tmp_path, ["F", "N", "R"], [2, 1, 0])
    with pytest.raises(InputError, match=r"'N': genes need .* those of this model are F and R;"):
        predict("q.gff3", "N")
    with pytest.raises(InputError, match=r"written as GFF3 only; the name of the output must end"):
        predict("q.tsv", "F")
    save(tmp_path, ["E", "I", "N"], None)
    with pytest.raises(InputError, match=r"'E': genes need .* those of this model are none;"):
        predict("q.gff3", "E")
    assert not list(tmp_path.glob("q.*[!a]"))
