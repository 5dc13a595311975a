"""Outputs are held against inputs in every command, whatever its options are called."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from cli_commands import COMMANDS, files, options, refused, words
from conftest import BIN, run_command
from mounts import MOUNT

from bioseqrnn.cli.files import Reads, Writes, WritesInto
from bioseqrnn.support.paths import check_outputs

# options of text that name no file
NAMES = {
    "label", "label_key", "dataset", "options", "shard", "limits", "config", "settings", "model",
    "classes", "symbols", "name", "combine", "with_member", "jaspar", "records", "keep",
    "positive", "profile", "words", "part", "coding",
}  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_that_may_be_a_file_is_declared(command):
    declared = files(command)
    for option in options(command):
        text = str in option.kinds and not option.choices and option.name not in NAMES
        if Path in option.kinds or text:
            assert option.name in declared, f"{command}: is '{option.name}' read or written?"
    written = any(isinstance(role, Writes | WritesInto) for role in declared.values())
    # this one only prints
    assert written is not (command == "verify")


PAIRS = [
    (command, written, read)
    for command in COMMANDS
    for written, role in files(command).items()
    for read, other in files(command).items()
    if isinstance(role, Writes | WritesInto) and isinstance(other, Reads)
]
# what makes the command write the option at all
NEEDED = {
    ("audit", "findings"): {"sequences"},
    ("audit", "flagged"): {"sequences"},
}


@pytest.mark.parametrize(("command", "written", "read"), PAIRS)
def test_no_output_replaces_an_input(tmp_path, command, written, read):
    source = tmp_path / "input"
    source.write_text("of the user")
    role = files(command)[written]
    for place, link in enumerate((lambda a, b: None, os.symlink, os.link)):
        folder = tmp_path / str(place)
        target = folder / role.names[0] if isinstance(role, WritesInto) else folder / "output"
        target.parent.mkdir(parents=True)
        if place:
            link(source, target)
        else:
            target = source
            if isinstance(role, WritesInto):
                source.rename(tmp_path / role.names[0])
                folder, target = tmp_path, tmp_path / role.names[0]
        given = dict.fromkeys(NEEDED.get((command, written), ()), source)
        given |= {read: target if not place else source}
        given |= {written: folder if isinstance(role, WritesInto) else target}
        said = refused(words(command, tmp_path, **given))
        assert "is also an input" in said
        assert target.read_text() == "of the user"
        if isinstance(role, WritesInto) and not place:
            target.rename(source)


OUTPUTS = [
    (command, name)
    for command in COMMANDS
    for name, role in files(command).items()
    if isinstance(role, Writes | WritesInto)
]


@pytest.mark.parametrize(("command", "name"), OUTPUTS)
def test_only_plain_files_are_replaced(tmp_path, command, name):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "device").symlink_to("/dev/null")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
    role = files(command)[name]
    given = dict.fromkeys(NEEDED.get((command, name), ()), tmp_path / "x")
    for kind in ("fifo", "device", "socket", "folder"):
        path = tmp_path / kind
        if isinstance(role, WritesInto):
            into = tmp_path / f"into-{kind}"
            into.mkdir()
            path = into / role.names[0]
            path.parent.mkdir(exist_ok=True)
            path.symlink_to(tmp_path / kind)
        said = refused(words(command, tmp_path, **given, **{name: into if
                       isinstance(role, WritesInto) else path}))  # fmt: skip
        assert ("is a folder; give a file" if kind == "folder" else "is a device, pipe or") in said
    # below a file nothing can be made
    said = refused(words(command, tmp_path, **given, **{name: tmp_path / "file" / "x.parquet"}))
    assert f"{tmp_path / 'file'} is not a folder; give another path" in said
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize(
    ("called", "said"),
    [
        (["encode", "--fasta", "a.fa", "-o", "x", "--intake", "./x"], "--output x and --intake x"),
        (
            ["predict", "q.fa", "--model", "m", "-o", "q.fa"],
            "--output q.fa: is also an input (FASTA",
        ),
        (
            ["train", "--sequences", "s", "-o", "history.tsv"],
            ("are the same file; write to two different files"),
        ),
        (["encode", "--fasta", "a.fa", "-o", "x", "--intake", "x/y"], "would be inside it"),
    ],
)
def test_outputs_of_one_call_are_different_files(tmp_path, monkeypatch, called, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "q.fa").write_text(">1\nACGT\n")
    assert said in refused(called)


def test_what_a_sheet_or_the_options_name_is_an_input_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b", "genome"):
        (tmp_path / f"{name}.fa").write_text(">1\nACGT\n")
    (tmp_path / "sheet.tsv").write_text("dataset\tfasta\tlabel\nd\ta.fa\ta\nd\tb.fa\tb\n")
    called = ["encode", "--sheet", "sheet.tsv", "--dataset", "d", "-o", "o"]
    assert "--intake b.fa: is also an input (the dataset's b.fa" in refused(
        [*called, "--intake", "b.fa"]
    )
    genome = ["--options", '{"negatives": {"method": "genome", "genome": "genome.fa"}}']
    assert "(the dataset's genome.fa)" in refused([*called, *genome, "--intake", "genome.fa"])


def test_files_of_a_folder_and_of_a_pattern_are_inputs(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.fa").write_text(">1\nACGT\n")
    for fasta in (tmp_path / "data", tmp_path / "data" / "*.fa"):
        given = {"fasta": fasta, "output": tmp_path / "o", "intake": tmp_path / "data" / "a.fa"}
        assert "is also an input (--fasta" in refused(words("encode", tmp_path, **given))
    # beside them there is room
    inputs, outputs = [("--fasta", tmp_path / "data")], [("-o", tmp_path / "data" / "new.parquet")]
    check_outputs(inputs, outputs)


def test_a_folder_without_rights_is_told_before_anything_runs(cli, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o555)
    called = [BIN / "bioseqrnn", "predict", "q.fa", "--model", "m", "-o", "locked/new/x.parquet"]
    if os.access(tmp_path / "locked", os.W_OK):
        # whoever may write everywhere may not on what is read-only
        called = [
            *MOUNT,
            "sh",
            "-c",
            'mount -t tmpfs -o ro tmpfs locked && exec "$@"',
            "x",
            *called,
        ]
    done = run_command(*called, cwd=tmp_path)
    assert (done.code, len(done.err.splitlines())) == (2, 1), done.err
    assert "--output locked/new/x.parquet: " in done.err
    assert "locked cannot be written to; check its permissions, or give another folder" in done.err


def test_odd_names_of_files_are_names(cli, tmp_path):
    for number, name in enumerate(
        ["with blank", "quo'te\"", "-dash", "new\nline", "ü", "$(x)", "a;b"]
    ):
        (tmp_path / f"{name}.fa").write_text(f">{number}a\nACGTA\n>{number}b\nCCGTA\n")
        done = cli(
            "encode", "--fasta", f"{name}.fa", "--label", "a", "--fasta", f"{name}.fa", "--label",
            "b", "-o", f"{name}.parquet", "--intake", f"{name}.tsv",
        )  # fmt: skip
        # the same file twice is no dataset; its name is told in one line
        assert done.code == 2
        assert len(done.err.splitlines()) == 1
        assert name.replace("\n", "\\n") in done.err
    done = cli("predict", "-dash.fa", "--model", "m", "-o", "p.parquet")
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert "write a file name that begins with '-' as ./-dash.fa" in done.err
