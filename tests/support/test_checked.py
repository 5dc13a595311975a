"""JSON from anybody is read, or refused in one line."""

from __future__ import annotations

import json

import pytest
from forging import forged, refused

from bioseqrnn.config.audit import AuditConfig
from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.config.search import SearchConfig
from bioseqrnn.config.validate import section_from_json
from bioseqrnn.support.checked import parse_json, parse_object
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import read_json, write_json
from bioseqrnn.tables.chosen import read_chosen
from bioseqrnn.tables.selected import read_selection

SELECTED = {
    "model": "gru",
    "config": ModelConfig(cell="gru").model_dump(),
    "epochs": 3,
    "criterion": "least loss",
    "candidates": [{"model": "gru", "validation_loss": 0.5, "runs": 2}],
    "devices": ["cpu (1 thread)"],
    "task": "binary",
    "headline": "auroc",
    "row": "gru",
    "metrics": {"auroc": 0.9},
    "temperature": 1.0,
    "thresholds": {"b": 0.5},
    "aim": "mcc",
}
CHOSEN = {
    "model": "gru_search", "fold": None, "config": SELECTED["config"], "searched": {"dropout": 0.1},
    "epochs": 3, "trial": 1, "value": 0.5, "own_value": None, "trials": 4, "pruned": 1,
    "inner_folds": 3, "criterion": "least",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "Expecting property name"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "the key 'c' appears twice"),
        ('{"a": NaN}', "NaN is not a number"),
        ('{"a": -Infinity}', "-Infinity is not a number"),
        ('{"a": 1e999}', "1e999 is too large"),
        ('{"a": 9223372036854775808}', "9223372036854775808 is too large"),
        ("9" * 5000, "is too large"),
        ('{"a": "\\ud800"}', "surrogates not allowed"),
        ("[" * 100_000, "more than 200 levels"),
        ('{"a":' * 100_000, "more than 200 levels"),
        (b'{"a": "\xff"}', "codec can't decode"),
    ],
    ids=range(11),
)
def test_what_readers_would_differ_about_is_refused(text, said):
    with pytest.raises(InputError) as caught:
        parse_json(text, "card")
    assert str(caught.value).startswith("card: ")
    assert said in str(caught.value)
    assert len(str(caught.value)) < 200


def test_what_is_json_is_read():
    text = '{"a": [1, 2.5, "x\\n", null, true, "\\ud83e\\uddec"], "b": {"[[[": "{\\"{"}}'
    assert parse_json(text, "x") == json.loads(text)
    many = json.dumps([[i] for i in range(1000)])
    assert parse_json(many, "x")[999] == [999]
    with pytest.raises(InputError, match=r"^x: must be a JSON object, not a list$"):
        parse_object("[]", "x")


def test_the_command_line_says_where(cli, tmp_path):
    (tmp_path / "a.fa").write_text(">a\nACGT\n")
    done = cli(
        "encode", "--fasta", "a.fa", "--label", "a", "--output", "o", "--intake", "t",
        "--options", '{"alphabet": "dna", "alphabet": "protein"}',
    )  # fmt: skip
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert "not JSON (the key 'alphabet' appears twice)" in done.err


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (ModelConfig, ModelConfig(cell="gru").model_dump()),
        (DatasetOptions, DatasetOptions().model_dump()),
        (SearchConfig, SearchConfig().model_dump(exclude_none=True)),
        (AuditConfig, {"identity": 0.9, "length": {"limit": 0.8, "action": "warn"}}),
    ],
)
def test_options_with_any_field_changed(kind, values):
    kept = refused(lambda: section_from_json(kind, json.dumps(values), "--options"))
    assert kept is None
    for changed, made in forged(values):
        text = json.dumps(made)
        said = refused(lambda text=text: section_from_json(kind, text, "--options"))
        assert said is None or said.startswith("--options: "), changed


@pytest.mark.parametrize(
    ("read", "values", "needed"),
    [
        (read_selection, SELECTED, ("model", "config", "epochs", "metrics")),
        (read_chosen, CHOSEN, ("model", "fold", "epochs", "trial", "value", "searched")),
    ],
)
def test_results_with_any_field_changed(tmp_path, read, values, needed):
    path = tmp_path / "x.json"
    write_json(path, values)
    assert refused(lambda: read(path)) is None
    for changed, made in forged(values):
        write_json(path, made)
        said = refused(lambda: read(path))
        assert said is None or str(path) in said, changed
        if changed.endswith('"away"') and changed.split(" ")[0] in needed:
            assert said is not None, changed
    for name in ("epochs", "model"):
        for wrong in (0, -1, 2.5, None, [], {}):
            write_json(path, values | {name: wrong})
            assert f"{path}: {name} " in (refused(lambda: read(path)) or ""), (name, wrong)


@pytest.mark.parametrize("text", ["3", "null", "[]", '"x"', "", "\x00", '{"model": 1}'])
def test_a_file_that_is_no_object(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(InputError, match=str(path)):
        read_json(path, "selection", ("model", "config"))
