from __future__ import annotations

import json

import pytest
from conftest import BIN, RESOURCES, encode, first_records

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.config.search import SearchConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.stages.search.choose import choose
from bioseqrnn.stages.search.run import Searched, work

CONFIG = {"cell": "gru", "hidden_size": 4, "stem_filters": 3, "batch_size": 16, "epochs": 2}
SPACE = {
    "hidden_size": {"low": 2, "high": 6},
    "pooling": [["max"], ["max", "mean"]],
    "learning_rate": {"low": 0.001, "high": 0.1, "log": True},
}
SEARCH = {"trials": 5, "inner_folds": 2, "space": SPACE}


@pytest.fixture(scope="session")
def tables(tmp_path_factory):
    """Tables of 100 peptides in two folds."""
    folder = tmp_path_factory.mktemp("search")
    sources = []
    for label in ("ACP", "Random"):
        path = folder / f"{label}.fa"
        path.write_text(first_records(RESOURCES / "acp" / f"{label}.fa", 50))
        sources.append(Source(path, label))
    table = encode(folder, sources, where="acp")
    split_table(
        table,
        folder / "folds.parquet",
        FoldsConfig(count=2, validation_fraction=0.2, seed=1, grouping="duplicates"),
    )
    return folder


def worker(tables, out, number=0, *, fold="0", config=CONFIG, **changes):
    """Words of the command of one worker."""
    return [
        BIN / "bioseqrnn", "search", "--sequences", tables / "sequences.parquet",
        "--folds", tables / "folds.parquet", "--journal", out / "study.journal",
        "--fold", fold, "--model", "gru_search", "--config", json.dumps(config),
        "--settings", json.dumps(SEARCH | changes), "--worker", str(number),
        "--device", "cpu", "--output", out / f"worker-{number}.tsv",
    ]  # fmt: skip


def search(tables, out, number=0, *, fold=0, selected=None, **changes):
    """One worker in this process."""
    work(
        tables / "sequences.parquet", tables / "folds.parquet", out / "study.journal",
        out / f"worker-{number}.tsv",
        searched=Searched(
            "gru_search", ModelConfig(**CONFIG), SearchConfig(**SEARCH | changes), fold
        ),
        worker=number, machine=MachineConfig(device="cpu"), selected=selected,
    )  # fmt: skip
    return (out / f"worker-{number}.tsv").read_text()


def choose_among(out, *numbers, fold=0, selected=None, **changes):
    """The choice; of the paths that are returned, chosen.json and trials.tsv."""
    paths = out / "chosen.json", out / "trials.tsv"
    choose(
        [out / f"worker-{number}.tsv" for number in numbers], *paths, model="gru_search",
        config=ModelConfig(**CONFIG), search=SearchConfig(**SEARCH | changes), fold=fold,
        selected=selected,
    )  # fmt: skip
    return paths
