from __future__ import annotations

import subprocess
import sys

import pytest

from bioseqrnn import __version__

COMMANDS = [
    "encode", "audit", "split", "train", "baseline", "evaluate", "diagnose", "predict", "report",
    "import-keras",
]  # fmt: skip


def test_version(cli):
    assert cli("--version").out.strip() == f"bioseqrnn {__version__}"


@pytest.mark.parametrize("command", COMMANDS)
def test_help(cli, command):
    shown = cli(command, "--help")
    assert shown.code == 0
    assert command in cli("--help").out
    assert "--" in shown.out


def test_help_imports_nothing_heavy():
    """What keeps ``bioseqrnn --help`` under half a second."""
    code = "import sys, bioseqrnn.cli; print(sorted(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for heavy in ("torch", "numpy", "pandas", "pyarrow", "sklearn", "pydantic", "Bio", "multiqc"):
        assert f"'{heavy}'" not in shown.stdout, heavy


@pytest.fixture
def files(tmp_path):
    def write(**texts):
        for name, text in texts.items():
            data = text if isinstance(text, bytes) else text.encode()
            (tmp_path / f"{name}.fa").write_bytes(data)

    write(a=">1\nACGT\n>2\nACGG\n", b=">3\nACCC\n>4\nTTTT\n")
    return write


ENCODE = ("encode", "--intake", "intake.tsv", "-o", "sequences.parquet")
TWO = ("--fasta", "a.fa", "--label", "a", "--fasta", "b.fa", "--label", "b")

BAD_FILES = [
    ("empty", {"b": ""}, "b.fa: empty FASTA file (no '>' record)"),
    ("blank", {"b": "\n\n"}, "b.fa: empty FASTA file (no '>' record)"),
    (
        "not_fasta",
        {"b": "hello\n"},
        "b.fa: line 1 is 'hello', not a '>' header at the start of a line",
    ),
    (
        "duplicate_id",
        {"b": ">3\nACCC\n>1 again\nTTTT\n"},
        "b.fa: duplicate id '1': it appears in this file and a.fa; ids must be unique",
    ),
    (
        "no_residues",
        {"b": ">3\n>4\nTTTT\n"},
        "b.fa: record 1 ('3') has no residues; remove it or give it a sequence",
    ),
    ("no_id", {"b": ">3\nACCC\n>\nTTTT\n"}, "b.fa: record 2 has no id after '>'; give it one"),
    (
        "non_utf8",
        {"b": b">3\nACCC\n>caf\xe9\nTTTT\n"},
        "b.fa: line 3, byte 5 (record 'caf�'): not UTF-8 text; save the file as",
    ),
    (
        "text_before_the_first_record",
        {"b": "\nACGT\n>3\nACCC\n>4\nTTTT\n"},
        "b.fa: line 2 is 'ACGT', not a '>' header at the start of a line; is it FASTA?",
    ),
    (
        "indented_header",
        {"b": "  >3\nACCC\n>4\nTTTT\n"},
        "b.fa: line 1 is '  >3', not a '>' header at the start of a line; is it FASTA?",
    ),
    (
        "protein_in_dna",
        {"b": ">3\nACCC\n>4\nMKTL\n"},
        "b.fa: record '4', position 4: 'L' is not a DNA letter (a protein in a DNA dataset?)",
    ),
    (
        "truncated_gz",
        {"b": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03KN\xc8\xcf"},
        "b.fa: the gz archive is damaged or cut short (",
    ),
]


@pytest.mark.parametrize(
    ("texts", "message"), [b[1:] for b in BAD_FILES], ids=[b[0] for b in BAD_FILES]
)
def test_bad_fasta_is_one_clear_line(cli, files, tmp_path, texts, message):
    files(**texts)
    done = cli(*ENCODE, *TWO, "--options", '{"alphabet": "dna"}')
    assert done.code == 2
    assert len(done.err.strip().splitlines()) == 1
    assert done.err.startswith(f"bioseqrnn: error: {message}")
    assert not (tmp_path / "sequences.parquet").exists()
    assert not (tmp_path / "intake.tsv").exists()


def test_the_old_name_of_an_option_is_accepted(cli, files, tmp_path):
    """Scripts from before ``intake.tsv`` had its name say ``--audit``."""
    files()
    counts = []
    for option in ("--intake", "--audit"):
        done = cli("encode", option, f"{option}.tsv", "-o", "s.parquet", *TWO)
        assert done.code == 0, done.err
        counts.append((tmp_path / f"{option}.tsv").read_text())
    assert counts[0] == counts[1]
    assert counts[0].startswith("source\t")


BAD_OPTIONS = [
    (("--fasta", "no.fa", "--label", "a"), "FASTA file no.fa: no such file; check the path"),
    (
        ("--fasta", "..", "--label", "a"),
        "--fasta: no FASTA file in the folder '..'; names must end",
    ),
    (
        ("--fasta", "a.fa", "--label", "a", "--fasta", "b.fa", "--label", "a"),
        "dataset: only one class ('a'); a classifier needs records of at least two",
    ),
    (("--fasta", "a.fa"), "a.fa: give either 'label' (the class of the file) or 'labels'"),
    (
        (*TWO, "--options", '{"positive": "c"}'),
        "dataset: positive class 'c' is unknown (known: a, b)",
    ),
    (
        (*TWO, "--options", '{"classes": ["a", "bb"]}'),
        "dataset: class 'b' is unknown (known: a, bb); did you mean 'bb'?",
    ),
    (
        ("--fasta", "a.fa", "--label", "a", "--fasta", "a.fa", "--label", "b"),
        "a.fa: the file appears twice in the dataset",
    ),
    (("--fasta", "a.fa", "--labels", "l.tsv"), "a.fa: record '2' has no label in l.tsv; add a row"),
    (("--fasta", "a.fa", "--labels", "d.tsv"), "d.tsv: line 3: id '1' is labelled twice"),
    (
        ("--fasta", "a.fa", "--labels", "h.tsv"),
        "h.tsv: unknown column 'lable'; did you mean 'label'?",
    ),
    (
        (*TWO, "--options", '{"strands": "both", "alphabet": "protein"}'),
        "dataset: strands 'both' is only for",
    ),
]


@pytest.mark.parametrize(("options", "message"), BAD_OPTIONS, ids=[b[1][:30] for b in BAD_OPTIONS])
def test_bad_options_are_one_clear_line(cli, files, tmp_path, options, message):
    (tmp_path / "l.tsv").write_text("id\tlabel\n1\ta\n9\tb\n")
    (tmp_path / "d.tsv").write_text("id\tlabel\n1\ta\n1\tb\n")
    (tmp_path / "h.tsv").write_text("id\tlable\n1\ta\n2\tb\n")
    done = cli(*ENCODE, *options)
    assert done.code == 2
    assert done.err.strip().splitlines() == [done.err.strip()]
    assert done.err.startswith(f"bioseqrnn: error: {message}")


def test_a_class_with_fewer_records_than_folds(cli, files):
    assert cli(*ENCODE, *TWO).code == 0
    done = cli("split", "--sequences", "sequences.parquet", "-o", "folds.parquet", "--folds", 3)
    assert done.code == 2
    assert done.err.strip() == (
        "bioseqrnn: error: dataset: class 'a' has 2 records, fewer than 3 folds; add records, or "
        "correct a misspelled label"
    )


BAD_CONFIGS = [
    (
        '{"cell": "gru", "hiden_size": 3}',
        "unknown setting 'hiden_size'; did you mean 'hidden_size'?",
    ),
    ('{"cell": "elman"}', "cell: Input should be 'rnn', 'gru' or 'lstm' (given: 'elman')"),
    (
        '{"cell": "gru", "epochs": "ten"}',
        "epochs: Input should be a valid integer, or 'auto' (given: 'ten')",
    ),
    ('{"cell": "gru", "stem_width": 4}', "stem_width must be odd, not 4"),
    ("{cell: gru}", "not JSON"),
]


@pytest.mark.parametrize(("config", "message"), BAD_CONFIGS)
def test_bad_model_settings_are_one_clear_line(cli, config, message):
    done = cli(
        "train", "--sequences", "s", "--folds", "f", "--fold", 0, "-o", "m", "--config", config
    )
    assert done.code == 2
    assert done.err.startswith(f"bioseqrnn: error: --config: {message}")


def test_tables_that_are_not_ours(cli, tmp_path):
    (tmp_path / "x.parquet").write_text("nonsense")
    done = cli("split", "--sequences", "x.parquet", "-o", "f.parquet")
    assert done.code == 2
    assert "x.parquet: not a readable Parquet file" in done.err
    done = cli("predict", "x.parquet", "--model", "x.parquet", "-o", "p.parquet")
    assert done.code == 2
    assert "model x.parquet: not a readable safetensors file" in done.err


def test_a_pipe_is_refused_before_its_head_is_lost(cli, files, tmp_path):
    import os

    files()
    os.mkfifo(tmp_path / "pipe")
    done = cli(*ENCODE, "--fasta", "a.fa", "--label", "a", "--fasta", "pipe", "--label", "b")
    assert done.code == 2
    assert "pipe: is a pipe or device, which cannot be read twice" in done.err


def test_a_byte_order_mark_is_no_letter(cli, files):
    files(b=b"\xef\xbb\xbf>3\nACCC\n>4\nTTTT\n")
    done = cli(*ENCODE, *TWO)
    assert (done.code, "4 records in, 4 out" in done.err) == (0, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("split", "--folds", "1", "--sequences", "x", "-o", "y"), "--folds"),
        (("split", "--output", "y"), "--sequences"),
        (("encode", "--nonsense"), "--nonsense"),
        (("nonsense",), "nonsense"),
    ],
)
def test_usage_errors_are_one_line(cli, words, message):
    done = cli(*words)
    assert done.code == 2
    assert done.err.startswith("bioseqrnn: error: ")
    assert len(done.err.splitlines()) == 1
    assert message in done.err


def test_a_folder_that_cannot_be_made_is_one_line(cli, files):
    files()
    done = cli("encode", *TWO, "--intake", "a.fa/intake.tsv", "-o", "a.fa/sequences.parquet")
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert "--output a.fa/sequences.parquet: " in done.err
    assert "a.fa is not a folder; give another path" in done.err


def test_a_selection_that_is_none(cli, tmp_path):
    (tmp_path / "s.json").write_text("{}")
    done = cli("train", "--sequences", "x", "--selected", "s.json", "-o", "m")
    assert done.code == 2
    assert "selection s.json: must be an object with model, config, epochs, metrics" in done.err
