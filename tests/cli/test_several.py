"""Options that take several words, and calls of 'init' and 'run' as users type them."""

from __future__ import annotations

import pytest
from cli_commands import refused

from bioseqrnn.cli import app
from bioseqrnn.cli.several import one_file_each


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("--class a x.fa", "--class=a=x.fa"),
        ("--class a x.fa y.fa -o p", "--class=a=x.fa --class=a=y.fa -o p"),
        ("--class=a x.fa --cores 2", "--class=a=x.fa --cores 2"),
        ("--class a=x.fa y.fa", "--class=a=x.fa --class=a=y.fa"),
        ("--class=a=x.fa", "--class=a=x.fa"),
        # of a name that contains = itself
        ("--class a x=1.fa", "--class=a=x=1.fa"),
        (
            "--predict x.fa y.fa --class a ./-x.fa",
            "--predict=x.fa --predict=y.fa --class=a=./-x.fa",
        ),
        ("--predict=x.fa -o p", "--predict=x.fa -o p"),
        ("p --name n", "p --name n"),
    ],
)
def test_each_file_gets_its_option(typed, read):
    assert list(one_file_each(typed.split())) == read.split()


@pytest.mark.parametrize(
    ("called", "said"),
    [
        ("init p --class", "--class: give a name and its FASTA files, like"),
        ("init p --class a --class b b.fa", "--class a: give a name and its FASTA files, like"),
        ("init p --class -a a.fa", "--class: give a name and its FASTA files, like"),
        ("init p --predict", "--predict: give a FASTA file, like --predict new.fa"),
        ("init --class a a.fa --class b b.fa p", "the folder of the project is missing; it comes"),
        ("run p", "'p' belongs to no option; the folder is given as --output p, and words for"),
        ("run", "config/config.yaml: no such file, so there is no project; give --class NAME"),
        ("run --class a a.fa --class b b.fa", "give --output: the folder that configuration"),
        ("run --class a a.fa -o p", "--class a: is the only class; a classifier needs two or more"),
    ],
)
def test_a_call_that_says_too_little_is_told_what_to_give(tmp_path, monkeypatch, called, said):
    monkeypatch.chdir(tmp_path)
    for name in ("a.fa", "b.fa"):
        (tmp_path / name).write_text(">1\nACGT\n")
    assert refused(called.split()).startswith(said)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.fa", "b.fa"]


def test_init_says_the_next_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("a.fa", "b.fa", "c.fa"):
        (tmp_path / name).write_text(">1\nACGT\n")
    called = "init p --class it's a.fa b.fa --class=y=c.fa --positive it's --predict a.fa b.fa"
    app(called.split(), standalone_mode=False)
    assert capsys.readouterr().err.splitlines() == [
        "p: made a project with dataset p",
        "next: bioseqrnn run --output p",
    ]
    rows = (tmp_path / "p" / "config" / "datasets.tsv").read_text().splitlines()[1:]
    assert rows == [
        f"p\t{tmp_path}/{n}.fa\t{label}"
        for n, label in zip("abc", ("it's",) * 2 + ("y",), strict=True)
    ]
    assert "positive: it's" in (tmp_path / "p" / "config" / "config.yaml").read_text()
    # again: the same folder is refused, and nothing changes
    assert "p/config/config.yaml: exists already" in refused(called.split())
    assert "p/" in refused(["init", "p"])
