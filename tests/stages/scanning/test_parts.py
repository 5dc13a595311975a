"""A scan in parts, and a scan that was stopped, give the bytes of a scan in one go."""

from __future__ import annotations

import os
import signal

import numpy as np
import pandas as pd
import pytest
from small_models import small_network

from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.onehot.alphabet import DNA
from bioseqrnn.stages.scanning import layout, run
from bioseqrnn.stages.scanning.genome import Stretch
from bioseqrnn.stages.scanning.layout import Layout, Units
from bioseqrnn.stages.scanning.run import Choices, scan_genome
from bioseqrnn.stages.scanning.scoring import Reading, shuffled
from bioseqrnn.stages.scanning.store import progress_file
from bioseqrnn.support.errors import InputError

MACHINE = MachineConfig(device="cpu")
CHOICES = Choices(window=40, stride=10, threshold=0.4, shuffled_megabases=0.0008, seed=3)
NAMES = ("w.parquet", "w.tsv.gz", "r.bed", "t.{class}.{strand}.bw")


@pytest.fixture
def case(tmp_path, monkeypatch):
    """Model and genome; small units, so that there are many."""
    monkeypatch.setattr(layout, "UNIT_WINDOWS", 7)
    rng = np.random.default_rng(7)
    genome = tmp_path / "genome.fa"
    genome.write_text(
        "".join(
            f">{name}\n{''.join(rng.choice(list('ACGT'), count))}\n"
            for name, count in (("a", 900), ("b", 30), ("c", 640))
        )
    )
    return small_network(tmp_path / "model.safetensors", "multiclass"), genome


def scan(case, folder, names=NAMES, choices=CHOICES, **more):
    folder.mkdir(exist_ok=True)
    outputs = [folder / name for name in names]
    return scan_genome(
        case[0], [case[1]], outputs, choices=choices, machine=MACHINE, **more
    )  # fmt: skip


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("count", [1, 3, 40])
def test_parts_give_the_same_bytes(case, tmp_path, count):
    whole = tmp_path / "whole"
    scan(case, whole)
    assert len(contents(whole)) == 3 + 6
    files = [tmp_path / "parts" / f"{number}.scan" for number in range(1, count + 1)]
    scored = [
        scan(case, tmp_path / "parts", [file.name], part=(number, count))
        for number, file in enumerate(files, 1)
    ]
    # windows are dealt, not records: no part has much more than another
    assert count == 40 or max(scored) - min(scored) <= 14
    together = tmp_path / "together"
    assert scan(case, together, parts=files[::-1]) == sum(scored)
    assert contents(together) == contents(whole)


def test_parts_of_another_scan_are_refused(case, tmp_path):
    files = [tmp_path / f"{number}.scan" for number in (1, 2)]
    for number, file in enumerate(files, 1):
        scan(case, tmp_path, [file.name], part=(number, 2))
    other = Choices(window=40, stride=20, threshold=0.4, shuffled_megabases=0.0008, seed=3)
    output = tmp_path / "w.tsv"

    def refused(words, given, choices=CHOICES):
        with pytest.raises(InputError, match=words):
            scan(case, tmp_path, [output.name], choices, parts=given)
        assert not output.exists()

    refused("stride differs", files, other)
    refused("part 2 of 2 is missing", files[:1])
    refused("give each part of one scan once", [files[0], files[0]])
    refused("is no file of 'scan --part'", [case[1]])
    whole = files[1].read_bytes()
    for damaged in (whole[:-1], whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:]):
        files[1].write_bytes(damaged)
        refused("damaged or incomplete", files)


def test_a_killed_scan_goes_on(case, tmp_path, monkeypatch):
    scan(case, tmp_path / "whole")
    folder = tmp_path / "killed"
    folder.mkdir()
    child = os.fork()
    if not child:
        # a process of its own, which dies without any cleaning up
        taken = Reading.scores
        calls = []

        def dying(*given):
            calls.append(1)
            if len(calls) == 9:
                os.kill(os.getpid(), signal.SIGKILL)
            return taken(*given)

        Reading.scores = dying
        scan(case, folder)
        os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    left = progress_file(folder / NAMES[0])
    assert list(folder.iterdir()) == [left]
    # half a unit was written when the machine failed
    with left.open("ab") as file:
        file.write(b"12345")
    scored = []
    taken = Reading.scores
    monkeypatch.setattr(Reading, "scores", lambda *given: scored.append(1) or taken(*given))
    scan(case, folder)
    units = Units.of(Layout(["a", "b", "c"], np.array([900, 30, 640]), 40, 10), 800.0)
    assert len(scored) == len(units) - 8
    assert contents(folder) == contents(tmp_path / "whole")


def test_scores_of_another_scan_are_not_used(case, tmp_path):
    folder = tmp_path / "x"
    folder.mkdir()
    left = progress_file(folder / NAMES[0])
    left.write_bytes(b'{"format": 1}\n' + b"\0" * 999)
    scan(case, folder)
    scan(case, tmp_path / "whole")
    assert contents(folder) == contents(tmp_path / "whole")


def test_two_scans_do_not_write_one_output(case, tmp_path):
    import fcntl

    with progress_file(tmp_path / NAMES[0]).open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(InputError, match="another scan writes this output"):
            scan(case, tmp_path)


def test_a_shuffle_keeps_dinucleotides_and_unknown_residues():
    rng = np.random.default_rng(1)
    text = rng.choice(np.frombuffer(b"ACGT", np.uint8), 3000)
    text[1000:1100] = ord("N")
    found = shuffled(Stretch(text), DNA, 1, "x").text

    def pairs(letters):
        return np.bincount(letters[:-1].astype(int) * 256 + letters[1:], minlength=2**16)

    assert (pairs(found) == pairs(text)).all()
    assert (found != text).mean() > 0.5
    assert (np.flatnonzero(found == ord("N")) == np.arange(1000, 1100)).all()
    assert not (shuffled(Stretch(text), DNA, 2, "x").text == found).all()


def test_rates_of_false_positives_by_hand(case, tmp_path, monkeypatch):
    seen = []
    taken = run.shuffled

    def noted(*given):
        seen.append(taken(*given))
        return seen[-1]

    monkeypatch.setattr(run, "shuffled", noted)
    scan(case, tmp_path, ["r.bed"])
    # the shuffled stretches as records of their own, scanned alone
    fasta = tmp_path / "shuffled.fa"
    fasta.write_text("".join(f">{i}\n{s.text.tobytes().decode()}\n" for i, s in enumerate(seen)))
    alone = Choices(window=40, stride=10, threshold=0.4)
    scan((case[0], fasta), tmp_path, ["s.bed"], alone)
    regions = pd.read_csv(tmp_path / "r.bed", sep="\t", header=None)
    null = pd.read_csv(tmp_path / "s.bed", sep="\t", header=None)
    megabases = sum(len(s.text) for s in seen) / 1e6
    assert 0.0004 < megabases < 0.0013
    for row in regions.itertuples():
        as_good = ((null[3] == row._4) & (null[6] >= row._7)).sum()
        # probabilities of the text are rounded
        near = (np.abs(null[6] - row._7) < 2e-6).sum()
        assert abs(row._9 * megabases - as_good) <= near + 1e-3
    assert (regions[8] > 0).any()
