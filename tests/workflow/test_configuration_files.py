"""Configuration files that are no YAML, or that YAML reads otherwise than they look."""

from __future__ import annotations

import json
import os
import re
import time

import pytest
import yaml
from conftest import ROOT

from bioseqrnn.config.checks.schema_errors import read_schema
from bioseqrnn.config.checks.sheets import read_sheet
from bioseqrnn.config.checks.yaml_file import check_yaml
from bioseqrnn.support.errors import InputError

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join(['*' + old] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
MAPS = "a: &a {x: 1, y: 2}\n" + "".join(
    f"a{k}: &a{k} {{x: *{f'a{k - 1}' if k else 'a'}, y: *{f'a{k - 1}' if k else 'a'}}}\n"
    for k in range(40)
)
CASES = {
    "key twice": (
        "models:\n  one: {cell: gru}\n  two: {cell: rnn}\n  one:\n    cell: lstm\n",
        "line 4: 'one' appears twice in one section, first in line 2; rename or remove one",
    ),
    "section twice": (
        "folds: {count: 2}\nseeds: [1]\n'folds': {}\n",
        "line 3: 'folds' appears twice",
    ),
    "key twice in JSON": ('{"a": {"b": 1, "b": 2}}', "'b' appears twice in one section"),
    "NUL": ("a: 1\n# \0\n", r"line 2: contains the control character '\x00'"),
    "list in itself": ("a: 1\nb: &b [*b]\n", "line 2: '*b' refers to a section that contains it"),
    "section in itself": ("b: &b {c: {d: *b}}\n", (
        "line 1: '*b' refers to a section that contains it"
    )),
    "lists that grow": (BOMB, (
        "line 6: more than 500000 values, including the values of its aliases"
    )),
    "sections that grow": (MAPS, (
        "line 16: more than 500000 values, including the values of its aliases"
    )),
    "unknown alias": ("a: *nothing\n", "line 1: '*nothing' is not defined: there is no"),
    "deep": ("a: " + "[" * 100_000, "line 1: sections are nested too deeply"),
    "deep JSON": ('{"a":' + "[" * 100_000 + "]" * 100_000 + "}", "sections are nested"),
    "octal": ("seeds: [1, 010]\n", "line 1: 010 is read as an octal number; remove the leading 0"),
    "base 60": ("a: 1\nthreads: 1:30\n", "line 2: 1:30 is read as a number in base 60; put it in"),
    "date": ("classes: [2024-01-02, b]\n", "line 1: 2024-01-02 is read as a date; put it"),
    "no number": ("rate: .NaN\n", "line 1: .NaN is not a finite number"),
    "infinite": ("rate: -.inf\n", "line 1: -.inf is not a finite number"),
    "no number in JSON": ('{"rate": NaN}', "NaN is not a finite number"),
    "digits": (f"threads: {'9' * 5000}\n", "line 1: a number with 5000 digits is too long"),
    "code": ('a: !!python/object/apply:os.system ["true"]\n', "line 1: the tag 'python/object"),
    "bytes": ("a: !!binary aGk=\n", "line 1: the tag 'binary' is not accepted"),
    "template": ("__use_yte__: true\n?if True:\n  a: 1\n", (
        "__use_yte__: templates are not accepted"
    )),
    "tab": ("folds:\n\tcount: 2\n", "line 2: not valid YAML (a tab at the start of a line; YAML"),
    "two documents": ("a: 1\n---\nb: 2\n", "line 2: a second document begins with '---'"),
    "list": ("- a\n- b\n", "contains no settings; write each as a line 'key: value'"),
    "list as a key": ("? [a]\n: 1\n", "line 1: not valid YAML (found unhashable key)"),
    "UTF-16": ("folds: {}\n".encode("utf-16"), "not UTF-8 text; save it as UTF-8"),
    "large": (b"#" * 10_000_001, "is larger than 10 MB; is it a configuration?"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(CASES))
def test_one_line_at_once(case, tmp_path):
    content, message = CASES[case]
    path = tmp_path / "config.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    start = time.process_time()
    with pytest.raises(InputError) as caught:
        check_yaml(path)
    # of this process, whatever else the machine does; to write out what grows would never end
    assert time.process_time() - start < 20
    assert str(caught.value).startswith(f"{path}: {message}")


@pytest.mark.parametrize(
    "text",
    [
        "\ufefffolds: {count: 3}\n",
        "base: &base {cell: gru, epochs: 3}\nmodels:\n  a: *base\n  b: {<<: *base, epochs: 4}\n",
        "a: {x: 1}\nb: {x: 1}\nc: [{x: 1}, {x: 2}]\n",
        "---\nseeds: [0, 10, 1_000]\nrate: 0.001\nname: '010'\nday: '2024-01-02'\nz: !!str no\n",
        json.dumps({"a": {"x": 1}, "b": {"x": 1}}, indent="\t"),
        "".join(f"dataset_{k}: {{strands: both}}\n" for k in range(10_000)),
    ],
    ids=["mark at the start", "anchors", "one key in several sections", "quoted", "JSON", "many"],
)
def test_what_is_well_written_passes(text, tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    read = json.loads if text.startswith("{") else yaml.safe_load
    assert check_yaml(path) == read(text)


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(InputError) as caught:
            check_yaml(path)
        assert str(caught.value) == f"{path}: is not a file"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dataset\tfasta\tfasta\nd\ta.fa\tb.fa\n", "column 'fasta' appears twice in the header"),
        (
            "dataset\tfasta\tlabel\nd\ta.fa\tA\0\n",
            "line 2: label: 'A\\x00' contains a control character",
        ),
        (
            "dataset\tfasta\tlabel\nd\ta.fa\tA\x1b[2J\n",
            ("line 2: label: 'A\\x1b[2J' contains a control"),
        ),
        (
            "dataset\tfasta\tlabel\nd\ta\u2028.fa\tA\n",
            ("line 2: fasta: 'a\\u2028.fa' contains a control"),
        ),
    ],
)
def test_sheets_have_no_column_twice_and_no_control_characters(text, message, tmp_path):
    schema = read_schema(ROOT / "workflow" / "schemas" / "datasets.schema.json")
    sheet = tmp_path / "datasets.tsv"
    sheet.write_text(text)
    with pytest.raises(InputError) as caught:
        read_sheet(str(sheet), schema)
    assert str(caught.value).startswith(f"{sheet}: {message}")


@pytest.mark.parametrize("name", ["config", "datasets", "queries"])
def test_no_pattern_takes_a_line_break_for_the_end(name):
    """In Python, $ also matches before a line break at the end."""
    text = (ROOT / "workflow" / "schemas" / f"{name}.schema.json").read_text()
    patterns = {json.loads(found) for found in re.findall(r'"\^\[.*\$.*?"(?=[:,]|$)', text, re.M)}
    assert patterns
    for pattern in patterns:
        assert re.search(pattern, "d")
        assert not re.search(pattern, "d\n"), pattern
