"""Outputs of one command are written all or none, also where one of them finds no room."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import BIN, run_command
from mounts import MOUNT, can_mount

from bioseqrnn.networks.card import read_card
from bioseqrnn.support.atomic import atomic_path, together
from bioseqrnn.support.io import write_text

COMMAND = str(BIN / "bioseqrnn")
needs_mounts = pytest.mark.skipif(not can_mount(), reason="no mounts of a user's own here")


def on_full_disk(folder: Path, *words: object, size: str = "4k", filled: bool = True):
    """Run a command in ``folder``, whose subfolder ``full`` is a file system without room."""
    (folder / "full").mkdir(exist_ok=True)
    fill = "head -c 4096 /dev/zero > full/fill;" if filled else ""
    script = (
        f'mount -t tmpfs -o size={size} tmpfs full && {fill} "$@"; code=$?; '
        "rm -f full/fill; ls -A full; exit $code"
    )
    return run_command(*MOUNT, "sh", "-c", script, "sh", *words, cwd=folder)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Two small classes, encoded, dealt and trained on."""
    folder = tmp_path_factory.mktemp("made")
    draw = random.Random(1)
    for name, letters in (("a", "AC"), ("b", "GT")):
        records = (f">{name}{i}\n{''.join(draw.choices(letters, k=20))}\n" for i in range(12))
        (folder / f"{name}.fa").write_text("".join(records))
    records = (f">q{i}\n{''.join(draw.choices('ACGT', k=20))}\n" for i in range(6000))
    (folder / "q.fa").write_text("".join(records))
    for words in (
        ["encode", *TWO, "-o", "s.parquet", "--intake", "intake.tsv"],
        ["split", *SEQUENCES, "-o", "folds.parquet", "--folds", 2, "--grouping", "duplicates"],
        ["train", *TABLES, "-o", "model.safetensors"],
        ["predict", "q.fa", "--model", "model.safetensors", "-o", "p.parquet"],
    ):
        done = run_command(COMMAND, *words, cwd=folder)
        assert done.code == 0, done.err
    return folder


def test_a_card_says_the_lengths_that_were_trained_on(made):
    assert read_card(made / "model.safetensors")["trained_lengths"] == [20, 20]


TWO = ("--fasta", "a.fa", "--label", "a", "--fasta", "b.fa", "--label", "b")
SEQUENCES = ("--sequences", "s.parquet")
CONFIG = '{"cell": "rnn", "hidden_size": 4, "stem_filters": 0, "epochs": 1, "refit": false}'
TABLES = (*SEQUENCES, "--folds", "folds.parquet", "--fold", 0, "--config", CONFIG)


@needs_mounts
@pytest.mark.parametrize(
    ("words", "output"),
    [
        (["encode", *TWO, "-o", "new", "--intake", "full/intake.tsv"], "intake.tsv"),
        (["split", *SEQUENCES, "--grouping", "duplicates", "--folds", 2, "-o", "new", "--leaks",
          "full/leaks.tsv"], "leaks.tsv"),
        (["audit", *SEQUENCES, "--findings", "new", "--flagged", "full/flagged.tsv"],
         "flagged.tsv"),
        (["audit", *SEQUENCES, "--findings", "new", "-o", "full/checks.tsv"], "checks.tsv"),
        (["train", *TABLES, "-o", "new", "--history", "full/history.tsv", "--predictions", "new2"],
         "history.tsv"),
    ],
    ids=["encode", "split", "audit", "audit-checks", "train"],
)  # fmt: skip
def test_an_output_without_room_leaves_the_others_as_they_were(made, words, output):
    before = {path.name: path.read_bytes() for path in made.iterdir() if path.is_file()}
    done = on_full_disk(made, COMMAND, *words)
    assert done.code == 1, done.err
    last = done.err.splitlines()[-1]
    assert last == (
        f"bioseqrnn: error: full/{output}: not written: No space left on device; free some space, "
        "then run again"
    )
    assert done.out == ""
    after = {path.name: path.read_bytes() for path in made.iterdir() if path.is_file()}
    assert after == before


@needs_mounts
def test_predictions_that_have_room_for_one_table_of_two(made):
    sizes = [(made / f"p.{kind}").stat().st_size for kind in ("parquet", "tsv.gz")]
    room = max(sizes) // 4096 + 3
    assert room * 4096 < sum(sizes)
    done = on_full_disk(
        made, COMMAND, "predict", "q.fa", "--model", "model.safetensors", "-o", "full/p.parquet",
        size=f"{room * 4}k", filled=False,
    )  # fmt: skip
    assert done.code == 1, done.err
    assert "full/p.tsv.gz: not written: No space" in done.err or "full/p.parquet: not" in done.err
    assert done.out == ""


@needs_mounts
def test_a_full_folder_for_temporary_files_names_itself(made):
    script = 'TMPDIR="$PWD/full" exec "$@"'
    done = on_full_disk(
        made, "sh", "-c", script, "sh", COMMAND, "split", *SEQUENCES, "--folds", 2, "--grouping",
        "homology", "-o", "new", size="16k", filled=False,
    )  # fmt: skip
    assert done.code == 1, done.err
    assert done.err.splitlines()[-1] == (
        f"bioseqrnn: error: {made / 'full'}: no space for temporary files: No space left on "
        "device; free some space, or set TMPDIR to another folder"
    )
    assert not (made / "new").exists()


def test_a_block_that_fails_keeps_what_was_there(tmp_path):
    (tmp_path / "a").write_text("old")
    with pytest.raises(KeyError), together():  # noqa: PT012
        write_text(tmp_path / "a", "new")
        write_text(tmp_path / "b", "new")
        assert (tmp_path / "a").read_text() == "old"
        raise KeyError
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a", "old")]


def test_a_rename_that_fails_undoes_those_before_it(tmp_path):
    (tmp_path / "a").write_text("old")
    with pytest.raises(OSError, match="directory"), together():  # noqa: PT012
        write_text(tmp_path / "a", "new")
        write_text(tmp_path / "b", "new")
        write_text(tmp_path / "c", "new")
        # somebody makes a folder of this name meanwhile
        (tmp_path / "c").mkdir()
        (tmp_path / "c" / "x").write_text("")
    assert (tmp_path / "a").read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["a", "c"]  # noqa: PTH208


def test_a_block_in_a_block_waits_for_the_outer_one(tmp_path):
    with together():
        with together():
            write_text(tmp_path / "a", "new")
        assert not (tmp_path / "a").exists()
    assert os.listdir(tmp_path) == ["a"]  # noqa: PTH208


KILLED = """
import os, signal
from pathlib import Path
from bioseqrnn.support.atomic import together
from bioseqrnn.support.io import write_text
from bioseqrnn.networks.card import read_card
with together():
    write_text(Path("a"), "new")
    write_text(Path("b"), "new")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_that_is_killed_leaves_nothing_half(tmp_path):
    (tmp_path / "a").write_text("old")
    done = subprocess.run([sys.executable, "-c", KILLED], cwd=tmp_path, check=False)
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "a").read_text() == "old"
    assert not (tmp_path / "b").exists()
    # the next that writes them cleans up
    with together():
        for name in "ab":
            with atomic_path(tmp_path / name) as temporary:
                temporary.write_text("newer")
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]  # noqa: PTH208
