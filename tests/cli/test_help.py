"""Help says what a command needs."""

from __future__ import annotations

import re

import pytest
from cli_commands import COMMANDS, options, words

from bioseqrnn.cli import app
from bioseqrnn.support.errors import InputError


@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_call_is_asked_for_is_marked_as_required(tmp_path, monkeypatch, command):
    """A call with all that Typer requires, and no more, is asked for nothing unmarked."""
    # where there is no project to run
    monkeypatch.chdir(tmp_path)
    marked = {o.flag: o.required or "[required" in o.help for o in options(command)}
    with pytest.raises((InputError, OSError)) as found:
        app(words(command, tmp_path), standalone_mode=False)
    asked = []
    said = str(found.value)
    if said.startswith("give "):
        # up to another way, which is not asked for
        asked = re.findall(r"--[a-z-]+", re.split(r", or | \(", said)[0])
    for flag in asked:
        assert marked[flag], f"{command}: {found.value}"


def test_encode_asks_for_what_its_help_marks(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.fa").write_text(">1\nACGT\n")
    with pytest.raises(InputError, match="give --intake"):
        app(["encode", "--fasta", "a.fa", "--label", "a", "-o", "o"], standalone_mode=False)
    app(["encode", "--help"], prog_name="bioseqrnn", standalone_mode=False)
    shown = " ".join(capsys.readouterr().out.split())
    assert "[required without --shard]" in shown
    assert "[required without --sheet]" in shown
    # brackets are no markup
    assert "id, label[, group]" in shown
