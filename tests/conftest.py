from __future__ import annotations

import gc
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from hypothesis import settings
from warm import AT_START, FOLDER, share
from warm import run as run_warm

from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.fasta.records import pack_records
from bioseqrnn.fasta.sources import Source
from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.stages.sequences.run import encode_sequences
from bioseqrnn.tables.sequences import SequenceTable, read_sequences

ROOT = Path(__file__).parents[1]
RESOURCES = ROOT / "resources"
BIN = Path(sys.executable).parent
# marks of tests that take long, the longest first
LONG = ("cluster", "xdist_group", "workflow")

# without a deadline, since the first example of a test may compile;
# pytest --hypothesis-profile=thorough tries many more examples than every run can
settings.register_profile("brief", deadline=None, max_examples=30)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile("brief")
# as the command line does: libraries make very many objects that stay
gc.set_threshold(50_000, 20, 100)
# as in a job of the workflow; test processes would otherwise fight over the cores
torch.set_num_threads(1)


@dataclass
class Outcome:
    code: int
    out: str
    err: str


def run_command(
    *words: object,
    cwd: Path | None = None,
    environment: dict[str, str] | None = None,
    warm: bool = True,
) -> Outcome:
    """Run a command to its end; ``warm``: its imports may be done already (helpers/warm.py)."""
    command = [str(word) for word in words]
    outcome = run_warm(command, cwd, environment) if warm else None
    if outcome is not None:
        return Outcome(*outcome)
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, env=environment, check=False
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def pytest_configure(config: pytest.Config) -> None:
    """Share servers among all test processes, each of which would else import the same."""
    if FOLDER not in os.environ:
        share()
    # otherwise pytest-xdist puts the group with the most tests first, not the longest
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests that take longest first: at the end, no worker is left alone with one of them."""

    def rank(item: pytest.Item) -> int:
        return next((i for i, m in enumerate(LONG) if item.get_closest_marker(m)), len(LONG))

    items.sort(key=rank)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Begin every test with the environment that the tests were started with.

    scikit-learn, PyTorch, a training and the command line set variables of the process that they
    run in. A test must not depend on those that earlier tests left, and with another environment
    its commands would have to start cold.
    """
    for name in os.environ.keys() - AT_START.keys():
        if not name.startswith("PYTEST"):
            del os.environ[name]


@pytest.fixture
def cli(tmp_path):
    """Run the real command line in an empty folder."""

    def run(*words: object) -> Outcome:
        return run_command(BIN / "bioseqrnn", *words, cwd=tmp_path)

    return run


def first_records(fasta: Path, count: int) -> str:
    """The first records of a FASTA file, as text."""
    records = fasta.read_text().split(">")[1 : count + 1]
    return "".join(f">{record}" for record in records)


# of the 60 bases around a junction: exon, intron, or neither known
SIDES = {"EI": "E" * 30 + "I" * 30, "IE": "I" * 30 + "E" * 30, "N": "N" * 60}


def write_exons(path: Path, contigs: int, junctions: int) -> Path:
    """Bundled splice junctions, so many end to end in a contig, with the side each base is on."""
    records = {
        name: (RESOURCES / "splice" / f"{name}.fa").read_text().split(">")[1:] for name in SIDES
    }
    text = ""
    for contig in range(contigs):
        names = [list(SIDES)[place % 3] for place in range(junctions)]
        bases = [records[name].pop(0).split("\n", 1)[1].replace("\n", "") for name in names]
        text += f">contig{contig}\n{''.join(bases)}\n{''.join(SIDES[name] for name in names)}\n"
    path.write_text(text)
    return path


def pack(sequences: list[str], alphabet: Alphabet) -> Packed:
    """Sequences as the encoder packs them."""
    ids = [str(place) for place in range(len(sequences))]
    return pack_records(Path("memory"), ids, sequences, alphabet).packed


def encode(folder: Path, sources: list[Source], where="dataset", **options) -> SequenceTable:
    encode_sequences(
        sources,
        folder / "sequences.parquet",
        folder / "intake.tsv",
        options=DatasetOptions(**options),
        where=where,
    )
    return read_sequences(folder / "sequences.parquet")


@pytest.fixture
def pretend_gpus(tmp_path, monkeypatch):
    """Function that makes the driver list GPUs of these names, all of them visible."""

    def write(*names: str) -> None:
        driver = tmp_path / "bin" / "nvidia-smi"
        driver.parent.mkdir()
        lists = "".join(f"GPU {i}: Pretended (UUID: {name})\\n" for i, name in enumerate(names))
        uuids = "".join(f"{i}, {name}\\n" for i, name in enumerate(names))
        driver.write_text(f"#!/bin/sh\n[ $1 = -L ] && printf '{lists}' || printf '{uuids}'\n")
        driver.chmod(0o755)
        monkeypatch.setenv("PATH", str(driver.parent), prepend=":")
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    return write


@pytest.fixture(scope="session")
def splice(tmp_path_factory) -> SequenceTable:
    """The bundled splice junctions."""
    sources = [Source(RESOURCES / "splice" / f"{c}.fa", c) for c in ("EI", "IE", "N")]
    return encode(tmp_path_factory.mktemp("splice"), sources, where="splice")


@pytest.fixture(scope="session")
def acp(tmp_path_factory) -> SequenceTable:
    """The bundled anticancer peptides, of 8 to 28 residues."""
    sources = [Source(RESOURCES / "acp" / f"{c}.fa", c) for c in ("ACP", "Random")]
    return encode(tmp_path_factory.mktemp("acp"), sources, where="acp", positive="ACP")
