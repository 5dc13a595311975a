"""A table on disk trains as one in memory, and takes no memory for what it holds."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import BIN, encode
from forked import Forked

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.onehot import row_groups
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.stages.training import job, run
from bioseqrnn.tables.folds import read_roles
from bioseqrnn.tables.predictions import read_predictions, write_predictions
from bioseqrnn.tables.sequences import read_sequences

FILES = ("model.safetensors", "history.tsv", "predictions.parquet")
SMALL = {"hidden_size": 8, "stem_filters": 8, "epochs": 2}
FEW, MANY = 10_000, 60_000
# Training rows, their shuffled copies and batches, test rows and their probabilities
BYTES_A_RECORD = 40

CHILD = """
import json, sys, tracemalloc
from pathlib import Path
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.tables.sequences import read_sequences
from bioseqrnn.stages.training import job, run

if sys.argv[1] == "memory":
    job.read_mapped = lambda sequences, *_: read_sequences(sequences)
config = ModelConfig(
    cell="rnn", hidden_size=4, stem_filters=0, positions=0, bidirectional=False, epochs=1,
    batch_size=512,
)


def train(folder):
    run.train_fold(
        folder / "sequences.parquet", folder / "folds.parquet",
        run.FoldFiles(
            folder / "out.safetensors", folder / "history.tsv", folder / "predictions.parquet"
        ),
        run.FoldTraining("m", config, 0, 1), machine=MachineConfig(device="cpu"),
    )


few, many = map(Path, sys.argv[2:])
# what is imported, compiled or kept for the next batch is no part of it
train(few)
train(many)
peaks = []
for folder in (few, many):
    tracemalloc.start()
    train(folder)
    peaks.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
print(json.dumps(peaks))
"""


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fold_of(folder: Path, table, **settings) -> list[bytes]:
    split_table(
        table,
        folder / "folds.parquet",
        FoldsConfig(count=3, validation_fraction=0.2, seed=1, grouping="duplicates"),
    )
    out = folder / "out"
    run.train_fold(
        table.file.path,
        folder / "folds.parquet",
        run.FoldFiles(*(out / name for name in FILES)),
        run.FoldTraining("m", ModelConfig(**(SMALL | settings)), 1, 3),
        machine=MachineConfig(device="cpu"),
    )
    assert names_in(out) == sorted(FILES)
    return [(out / name).read_bytes() for name in FILES]


def in_memory(sequences: Path, *_):
    return read_sequences(sequences)


@pytest.mark.parametrize("name", ["splice", "acp"])
def test_what_is_trained_is_the_same_byte_for_byte(name, request, tmp_path, monkeypatch):
    table = request.getfixturevalue(name)
    mapped = fold_of(tmp_path, table, cell="gru", epochs=1 if name == "splice" else 3)
    monkeypatch.setattr(job, "read_mapped", in_memory)
    assert fold_of(tmp_path, table, cell="gru", epochs=1 if name == "splice" else 3) == mapped


def test_the_final_model_is_the_same_byte_for_byte(acp, tmp_path, monkeypatch):
    selected = tmp_path / "selected.json"
    config = ModelConfig(cell="lstm", **SMALL).model_dump()
    selected.write_text(
        json.dumps({"model": "m", "config": config, "epochs": 2, "metrics": {"mcc": 0.5}})
    )
    outputs = [tmp_path / "mapped.safetensors", tmp_path / "memory.safetensors"]
    run.train_final(
        acp.file.path, selected, outputs[0], seed=1, machine=MachineConfig(device="cpu")
    )
    monkeypatch.setattr(job, "read_mapped", in_memory)
    run.train_final(
        acp.file.path, selected, outputs[1], seed=1, machine=MachineConfig(device="cpu")
    )
    assert outputs[0].read_bytes() == outputs[1].read_bytes()


def test_mapped_columns_are_those_in_memory(acp, tmp_path):
    mapped = read_sequences(acp.file.path, scratch=tmp_path)
    assert names_in(tmp_path) == []
    for name in ("data", "offsets", "lengths"):
        np.testing.assert_array_equal(getattr(mapped.packed, name), getattr(acp.packed, name))
        assert getattr(mapped.packed, name).dtype == getattr(acp.packed, name).dtype
    np.testing.assert_array_equal(mapped.targets, acp.targets)
    with pytest.raises(ValueError, match="read-only"):
        mapped.targets[0] = 1


def test_ids_are_those_of_the_file_that_was_read(acp, tmp_path):
    path = tmp_path / "sequences.parquet"
    path.write_bytes(acp.file.path.read_bytes())
    table = read_sequences(path, scratch=tmp_path)
    # replaced while it is trained on, as a rerun of the encoder does
    (tmp_path / "new").write_bytes(b"something else")
    (tmp_path / "new").replace(path)
    assert table.ids == acp.ids


def test_predictions_are_written_in_parts(acp, tmp_path, monkeypatch):
    rows = np.random.default_rng(1).permutation(len(acp))[:500]
    rows.sort()
    probability = np.random.default_rng(2).dirichlet((1, 1), 500)
    tables = []
    for size in (2**16, 7, 500, 499):
        monkeypatch.setattr("bioseqrnn.tables.predictions.ROWS_AT_ONCE", size)
        path = tmp_path / "predictions.parquet"
        parts = {"validation": (rows[:3], probability[:3]), "test": (rows, probability)}
        write_predictions(path, acp, parts, model="m", kind="network", fold=0, seed=1)
        tables.append(read_predictions(path))
    for table in tables:
        assert table.ids == [acp.ids[row] for row in rows]
        np.testing.assert_array_equal(table.targets, acp.targets[rows])
        np.testing.assert_array_equal(table.scores, probability)
    assert read_predictions(path, "validation").ids == [acp.ids[row] for row in rows[:3]]
    with pytest.raises(ValueError, match="ascend"):
        write_predictions(
            path,
            acp,
            {"test": (rows[::-1], probability)},
            model="m",
            kind="network",
            fold=0,
            seed=1,
        )


def test_roles_are_those_of_the_fold_table(splice, tmp_path):
    path = tmp_path / "folds.parquet"
    split_table(
        splice, path, FoldsConfig(count=4, validation_fraction=0.1, seed=1, grouping="duplicates")
    )
    rows = read_roles(path, splice, 2)
    assert [len(part) for part in rows] != [0, 0, 0]
    np.testing.assert_array_equal(np.sort(np.concatenate(rows)), np.arange(len(splice)))


@pytest.mark.parametrize("limit", [50_000, 5_000])
def test_a_full_disk_is_one_line(splice, tmp_path, limit):
    path = splice.file.path
    split_table(
        splice,
        tmp_path / "folds.parquet",
        FoldsConfig(count=3, validation_fraction=0.2, seed=1, grouping="duplicates"),
    )
    command = [
        BIN / "bioseqrnn", "train", "--sequences", path, "--device", "cpu",
        "--folds", tmp_path / "folds.parquet", "--fold", "0",
        "--output", tmp_path / "out" / "model.safetensors",
    ]  # fmt: skip
    done = Forked(command, before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    _, err = done.communicate()
    assert done.returncode == 1
    assert err == (
        f"bioseqrnn: error: {tmp_path / 'out'}: no space for the unpacked table, which is kept "
        "there while this runs: File too large; free some space, then run again\n"
    )
    assert names_in(tmp_path / "out") == []


def random_table(folder: Path, records: int) -> Path:
    """Random DNA of 100 nt, encoded in row groups of 2,000, and its folds."""
    folder.mkdir()
    letters = np.frombuffer(b"ACGT", np.uint8)
    sources = []
    for seed, name in enumerate(("x", "y")):
        rows = letters[np.random.default_rng(seed).integers(0, 4, (records // 2, 100))]
        lines = (b">%s_%d\n%s\n" % (name.encode(), i, row.tobytes()) for i, row in enumerate(rows))
        (folder / f"{name}.fa").write_bytes(b"".join(lines))
        sources.append(Source(folder / f"{name}.fa", name))
    table = encode(folder, sources)
    split_table(
        table,
        folder / "folds.parquet",
        FoldsConfig(count=5, validation_fraction=0.1, seed=1, grouping="duplicates"),
    )
    return folder


def test_memory_does_not_grow_with_sequences_and_ids(tmp_path, monkeypatch):
    monkeypatch.setattr(row_groups, "GROUP_ROWS", 2_000)
    monkeypatch.setattr("bioseqrnn.tables.predictions.ROWS_AT_ONCE", 2_000)
    folders = [random_table(tmp_path / str(n), n) for n in (FEW, MANY)]

    def growth(where: str) -> float:
        done = subprocess.run(
            [sys.executable, "-c", CHILD, where, *folders],
            capture_output=True,
            text=True,
            check=True,
        )
        few, many = json.loads(done.stdout)
        return (many - few) / (MANY - FEW)

    assert growth("disk") <= BYTES_A_RECORD
    # the measure sees what is held: 50 bytes of sequence and 24 of numbers a record
    assert growth("memory") >= BYTES_A_RECORD + 50
