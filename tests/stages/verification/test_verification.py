"""Manifests of strangers: nothing outside of the results is read."""

from __future__ import annotations

import hashlib
import json
import os

import pytest

from bioseqrnn.stages.verification.findings import Kind
from bioseqrnn.stages.verification.run import summary, verify_results
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.manifest import MOST_BYTES, result_files

CONTENT = b"content"
SUM = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "results" / "toy"
    (folder / "report").mkdir(parents=True)
    (folder / "a.tsv").write_bytes(CONTENT)
    (tmp_path / "secret").write_bytes(CONTENT)
    return folder


def write(folder, files=None, **more):
    manifest = {
        "format": 2, "dataset": "toy", "versions": {}, "settings": {}, "sequences": {},
        "files": {"a.tsv": SUM} | (files or {}),
    }  # fmt: skip
    (folder / "report" / "manifest.json").write_text(json.dumps(manifest | more))


def faults(folder):
    found = list(verify_results(folder.parent, None))
    assert found[0].kind is Kind.NOTE
    return [str(one) for one in found[1:]]


def test_equal_results(results):
    write(results)
    assert faults(results) == []
    assert summary([]) == "results verified: 0 faults, 0 out of date, 0 notes"


@pytest.mark.parametrize(
    "name", ["../../secret", "/etc/passwd", "x/../../../secret", "../toy/a.tsv", "", "a\0b"]
)
def test_paths_that_leave_the_folder(results, name, monkeypatch):
    write(results, {name: SUM})
    (line,) = faults(results)
    assert "is outside of the folder of results, and is not read" in line


def test_links_out_of_the_folder(results, tmp_path):
    (results / "link").symlink_to(tmp_path / "secret")
    (results / "inner").symlink_to(tmp_path)
    (results / "circle").symlink_to("circle")
    os.mkfifo(results / "pipe")
    write(results, dict.fromkeys(("link", "inner/secret", "circle", "pipe", "report"), SUM))
    lines = faults(results)
    assert len(lines) == 5
    assert "link: is a link to a file outside" in lines[0]
    assert "inner/secret: is a link to a file outside" in lines[1]
    assert lines[2].startswith(f"fault: {results}/circle: ")
    assert "pipe: is not a file" in lines[3]
    assert "report: is not a file" in lines[4]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 10_000, "not JSON"),
        ("{" * 300 + "}" * 300, "nested more than"),
        ('{"format": 1}', "has format 1, but this version reads 2"),
        ('{"format": 2}', "'dataset' is missing"),
        (" " * (MOST_BYTES + 1), "too large for a manifest"),
    ],
)
def test_manifests_that_are_none(results, text, said):
    (results / "report" / "manifest.json").write_text(text)
    (line,) = faults(results)
    assert line.startswith(f"fault: {results}: ")
    assert said in line or "nested" in line
    assert "\n" not in line


def test_manifest_that_is_a_link(results, tmp_path):
    write(results)
    path = results / "report" / "manifest.json"
    path.rename(tmp_path / "manifest.json")
    path.symlink_to(tmp_path / "manifest.json")
    (line,) = faults(results)
    assert "is a link to a file outside" in line


def test_a_list_of_nothing_is_no_proof(results):
    write(results, files={})
    path = results / "report" / "manifest.json"
    path.write_text(path.read_text().replace(f'{{"a.tsv": "{SUM}"}}', "{}"))
    (line,) = faults(results)
    assert "lists no results" in line


def test_no_results(tmp_path):
    with pytest.raises(InputError, match="contains no results"):
        list(verify_results(tmp_path, None))
    with pytest.raises(InputError, match="is not a folder"):
        list(verify_results(tmp_path / "none", None))


def test_unlisted_files_are_counted(results):
    write(results)
    for number in range(13):
        (results / f"more{number:02}").touch()
    lines = faults(results)
    assert len(lines) == 11
    assert all(line.startswith("note: ") for line in lines)
    assert "3 more files" in lines[-1]
    (results / "logs").mkdir()
    (results / "logs" / "x.log").touch()
    (results / ".hidden").touch()
    assert set(result_files(results)) == {"a.tsv", *(f"more{n:02}" for n in range(13))}
