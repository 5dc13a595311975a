"""Paths and names that a shell, Python or Snakemake would read otherwise than as text."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys

import pytest
from conftest import BIN, ROOT, run_command

from bioseqrnn.config.checks.files import check_file, find_fasta, results_folder
from bioseqrnn.config.checks.settings import Origins, check_values
from bioseqrnn.support.errors import InputError

from .conftest import make_dna_project

pytestmark = pytest.mark.workflow
ODD = 'it\'s "$HOME" {x}; touch bad'


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A project whose folder, data, labels and results have such names."""
    project = make_dna_project(tmp_path_factory.mktemp("odd") / ODD)
    folder = project.folder / "data" / "a 'b' $(c);&"
    folder.mkdir()
    for name in ("EI", "IE"):
        shutil.move(project.folder / "data" / f"{name}.fa", folder / f'{name} "1".fa')
    (project.folder / "config" / "datasets.tsv").write_text(
        "dataset\tfasta\tlabel\n"
        f'dna\t{folder.relative_to(project.folder)}/EI "1".fa\tit\'s $HOME; touch bad\n'
        f'dna\t{folder.relative_to(project.folder)}/IE "1".fa\t`touch bad`\n'
    )
    project.write_config(project.read_config() | {"results": "my 'own' $(results)"})
    return project


def test_no_word_of_a_command_is_cut_or_replaced(odd):
    done = odd.snakemake("--dry-run", "--printshellcmds")
    assert done.code == 0, done.err
    commands = [
        shlex.split(line, comments=False)
        for line in (done.out + done.err).splitlines()
        if re.match(r" *(Shell command: )?(exec +)?bioseqrnn ", line)
    ]
    assert len(commands) > 10
    for words in commands:
        # what it writes and its log are below the one folder, in one word
        assert words[-3] == ">"
        assert words[-2].startswith("my 'own' $(results)/dna/logs/"), words
        assert any(word.startswith("my 'own' $(results)/dna/") for word in words[:-3]), words


def test_what_lies_in_the_folder_is_not_imported(odd, tmp_path, monkeypatch):
    """From FASTA to the audit, where the interpreter's own folder has such a name too."""
    for name in ("yaml", "json", "bioseqrnn", "snakemake", "numpy"):
        (odd.folder / f"{name}.py").write_text("open('bad', 'w')\nraise SystemExit('imported')\n")
    programs = tmp_path / ODD / "bin"
    programs.mkdir(parents=True)
    for name in ("bioseqrnn", "python"):
        (programs / name).symlink_to(BIN / name)
    packages = [entry for entry in sys.path if "site-packages" in entry]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "src"), *packages]))
    monkeypatch.setenv("PATH", os.defpath)
    done = run_command(
        programs / "python", "-P", "-m", "snakemake", "--cores", 1,
        "--snakefile", ROOT / "workflow" / "Snakefile",
        "my 'own' $(results)/dna/findings.tsv", cwd=odd.folder,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert not list(odd.folder.rglob("bad"))
    # by its name in the folder itself, anything but what is called bioseqrnn
    (odd.folder / "bioseqrnn.py").unlink()
    done = run_command(BIN / "python", "-m", "bioseqrnn", "encode", "--help", cwd=odd.folder)
    assert "imported" not in done.out + done.err
    assert done.code == 0


def in_storage(path):
    return "://" in path


REFUSED = {
    "~/results": "'~/results'; '~' is not expanded here; write the full path",
    "$HOME/results": "'$HOME/results'; '$' is not expanded here; write the full path",
    "${SCRATCH}/r": "'${SCRATCH}/r'; '$' is not expanded here; write the full path",
    "run {n}": "'run {n}' contains a brace, which Snakemake would read as a wildcard",
    "<results>": "'<results>' contains a name in <…>, which Snakemake would replace; rename it",
    " results": "' results' begins or ends with a space",
    "-results": "'-results' begins like a command-line option; write ./-results",
    "results\n": "'results\\n' contains a control character or line break",
    "data/N.fa": "'data/N.fa' is a file; give a folder",
    "data/N.fa/below": "'data/N.fa' is a file; give a folder",
}


@pytest.mark.parametrize("path", list(REFUSED))
def test_a_folder_of_results_that_is_not_meant(path, tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "N.fa").write_text(">a\nACGT\n")
    monkeypatch.chdir(tmp_path)
    config = {"results": path}

    def check():
        check_values(config, Origins([("config.yaml", config)]))
        results_folder("config.yaml: results", path, in_storage)

    with pytest.raises(InputError) as caught:
        check()
    assert str(caught.value) == f"config.yaml: results: {REFUSED[path]}"


def test_a_folder_that_is_there_may_be_called_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "$HOME").mkdir()
    assert results_folder("results", "$HOME/results/", in_storage) == "$HOME/results"


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("/**/*", "'/**/*' would search more than 100000 files and folders; start it"),
        ("/**/*.fa", "'/**/*.fa' would search more than 100000 files and folders; start"),
        ("-x.fa", "'-x.fa' begins like a command-line option; write ./-x.fa"),
        ("~/a.fa", "no such file '~/a.fa'; '~' is not expanded here; write the full path"),
        ("$DATA/a.fa", "no such file '$DATA/a.fa'; '$' is not expanded here; write the"),
        ("a<b>.fa", "'a<b>.fa' contains a name in <…>, which Snakemake would replace; rename it"),
        ("a\x07.fa", "'a\\x07.fa' contains a control character or line break"),
    ],
)
def test_a_cell_that_is_no_file(cell, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def check():
        for path in find_fasta("line 2", cell):
            check_file("line 2", path, in_storage)

    with pytest.raises(InputError) as caught:
        check()
    assert str(caught.value).startswith(f"line 2: {message}")
