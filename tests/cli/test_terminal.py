"""What files and options say reaches terminal and logs as text that can be seen."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from conftest import BIN

from bioseqrnn.cli import main
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.store import save_model
from bioseqrnn.support import console

# escape, one-byte escape, backspace, line ends, bell, right-to-left, invisible, deleted
ODD = "\x1b[31m\x9b2J\b\r\n\x07\u202e\u200b\x7f"
SEEN = r"\x1b[31m\x9b2J\x08\r\n\x07\u202e\u200b\x7f"


def check_seen(text: str, lines: int | None = 1) -> None:
    for line in text.split("\n"):
        assert line.isprintable(), ascii(line)
    if lines is not None:
        assert len(text.splitlines()) == lines, text


def test_all_that_cannot_be_seen_is_escaped():
    assert console.shown(ODD) == SEEN
    assert console.shown("a b ü → ∂ 日本") == "a b ü → ∂ 日本"
    every = "".join(map(chr, [*range(0x110000)]))
    assert console.shown(every).isprintable()


@pytest.mark.parametrize(
    "words",
    [
        ("encode", "--fasta", f"{ODD}.fa", "--label", "a", "--intake", "t", "-o", "o"),
        ("encode", "--fasta", "a.fa", "--labels", f"l{ODD}", "--intake", "t", "-o", "o"),
        ("encode", "--fasta", "a.fa", "--label", "a", "--intake", f"a.fa/{ODD}", "-o", "o"),
        ("encode", "--fasta", "id.fa", "--label", "a", "--intake", "t", "-o", "o"),
        ("encode", "--fasta", "header.fa", "--label", "a", "--intake", "t", "-o", "o"),
        ("encode", "--fasta", "a.fa", "--label", ODD, "--intake", "t", "-o", "o"),
        ("encode", "--fasta", "a.fa", "--label", "a", "--dataset", ODD, "--intake", "t", "-o", "o"),
        ("encode", "--options", f'{{"{ODD}": 1}}', "--intake", "t", "-o", "o"),
        ("encode", f"--{ODD}", "-o", "o"),
        ("baseline", "--method", ODD, "--sequences", "s", "--folds", "f", "--fold", 0, "-o", "o"),
        ("split", "--sequences", "s", "-o", "o", "--folds", ODD),
        ("train", "--sequences", "s", "--selected", ODD, "-o", "o"),
        ("report", "--settings", ODD, *(w for o in ("sequences", "folds", "intake", "checks",
         "leaks", "evaluation", "output") for w in (f"--{o}", "x"))),
        (ODD,),
    ],
    ids=range(14),
)  # fmt: skip
def test_refusals_are_one_line_that_can_be_seen(cli, tmp_path, words):
    (tmp_path / "a.fa").write_text(">1\nACGT\n>2\nACGA\n")
    (tmp_path / "id.fa").write_text(f">1\n{'ACGT' * 20}\n>{ODD.replace(chr(10), '')}x\nAC1T\n")
    (tmp_path / "header.fa").write_text(f"{ODD}\nAC1T\n")
    done = cli(*words)
    assert done.code == 2
    check_seen(done.err)
    assert done.err.startswith("bioseqrnn: error: ")


@pytest.fixture
def model(tmp_path) -> Path:
    torch.manual_seed(1)
    config = ModelConfig(cell="gru", hidden_size=4, stem_filters=0)
    card = {
        "alphabet": "dna", "symbols": "ACGT", "classes": ["\u202eodd\u200b", "b"], "task": "binary",
        "config": config.model_dump(), "model": f"gru{ODD}", "trained_on": 10,
        "trained_lengths": [9, 9], "thresholds": {"b": 0.4},
    }  # fmt: skip
    save_model(tmp_path / "m.safetensors", SequenceClassifier(config, 4, 2), card)
    return tmp_path / "m.safetensors"


@pytest.mark.usefixtures("model")
def test_cards_and_ids_in_messages_can_be_seen(cli, tmp_path):
    odd = ODD.replace("\n", "").replace("\r", "")
    (tmp_path / "q\x1b[b].fa").write_text(f">1{odd}\nACGT\n")
    done = cli("predict", "q\x1b[b].fa", "--model", "m.safetensors", "-o", "p.parquet")
    assert done.code == 0, done.err
    check_seen(done.err, None)
    assert rf"gru{SEEN} trained on 10 records" in done.err
    assert r"q\x1b[b].fa: 1 record in" in done.err.replace("1 records", "1 record")
    assert (
        r"shorter than all records that the model was trained on (9 residues): '1\x1b[31m"
        in done.err
    )


def run_on_terminal(*words: object, cwd: Path) -> tuple[int, str]:
    """Run a command whose standard error is a terminal."""
    parent, child = pty.openpty()
    running = subprocess.Popen(
        list(map(str, words)), cwd=cwd, stderr=child, stdout=child, stdin=subprocess.DEVNULL,
        env=os.environ | {"COLUMNS": "300", "TERM": "xterm"},
    )  # fmt: skip
    os.close(child)
    said = b""
    while True:
        try:
            part = os.read(parent, 65536)
        except OSError:
            break
        if not part:
            break
        said += part
    os.close(parent)
    return running.wait(), said.decode()


@pytest.mark.usefixtures("model")
def test_markup_in_names_is_part_of_the_name_on_a_terminal(tmp_path):
    (tmp_path / "sample[b].fa").write_text(">1\nACGT\n>2\nACGA\n")
    (tmp_path / "x.fa").write_text(">3\nACGT\n>4\nACGA\n")
    code, said = run_on_terminal(
        BIN / "bioseqrnn", "predict", "sample[b].fa", "--model", "m.safetensors", "-o", "p.parquet",
        cwd=tmp_path,
    )  # fmt: skip
    assert code == 0, said
    assert "predict sample[b].fa" in said
    assert "sample[b].fa: 2 records in" in said
    # the card's escapes, which are not the bar's
    assert "\x1b[31m" not in said
    assert "\x9b" not in said
    name = "x[/b] [red]x [link=file:///etc/passwd]y[/link] \x1b[31m"
    code, said = run_on_terminal(
        BIN / "bioseqrnn", "encode", "--fasta", "sample[b].fa", "--label", "[b]a", "--fasta",
        "x.fa", "--label", "b", "--dataset", name, "-o", "s", "--intake", "t", cwd=tmp_path,
    )  # fmt: skip
    assert code == 0, said
    assert f"encode {console.shown(name)}" in said
    assert f"{console.shown(name)}: 4 records in" in said
    assert "\x1b[31m" not in said.replace("\x1b[31m0", "")


def test_tracebacks_and_warnings_of_libraries_can_be_seen(tmp_path):
    script = f"""
import logging, sys, warnings
from bioseqrnn import cli
def broken(*_, **__):
    warnings.warn({ODD!r} + "old\\n  name", FutureWarning)
    logging.getLogger("x").error({ODD!r})
    print({ODD!r}, file=sys.stderr)
    raise RuntimeError({ODD!r})
cli.app = broken
sys.argv = ["bioseqrnn", "encode"]
cli.main()
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 1
    check_seen(done.stderr, None)
    assert r"\x1b[31m\x9b2J\x08" in done.stderr
    assert "RuntimeError" in done.stderr
    assert any(
        line.startswith("warning: ") and line.endswith("old name (FutureWarning)")
        for line in done.stderr.splitlines()
    )


def test_an_error_of_a_library_stands_in_one_line(capsys, monkeypatch):
    """Line ends that are a library's become blanks; those of a name are escaped."""
    from bioseqrnn import cli
    from bioseqrnn.support.errors import InputError

    def refuses(*_, **__):
        try:
            raise ValueError("first\n   second")
        except ValueError as error:
            raise InputError(f"a\nb.fa: not read ({error})") from error

    monkeypatch.setattr(cli, "app", refuses)
    monkeypatch.setattr(sys, "argv", ["bioseqrnn", "encode"])
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    monkeypatch.setattr("warnings.showwarning", None)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == "bioseqrnn: error: a\\nb.fa: not read (first second)\n"
