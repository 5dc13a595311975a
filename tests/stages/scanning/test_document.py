"""The commands of docs/scan.md."""

from __future__ import annotations

import gzip
import re

import numpy as np
from conftest import ROOT
from example_shell import Folder
from small_models import small_network

BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_commands_of_the_document(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    whole, parts = BLOCK.findall((ROOT / "docs" / "scan.md").read_text())
    text = "".join(np.random.default_rng(5).choice(list("ACGT"), 3_000))
    (tmp_path / "genome.fa").write_text(f">chr1\n{text}\n")
    (tmp_path / "genome.fa.gz").write_bytes(gzip.compress(f">chr1\n{text}\n".encode()))
    for name in ("final/model.safetensors", "model.safetensors"):
        small_network(tmp_path / name, "multiclass", trained_lengths=[40, 40])
    folder = Folder(tmp_path)
    # random weights, so that the model is rarely sure
    folder.shell(whole.replace("--threshold 0.9", "").replace("rate 5", "rate 0.002"))
    alone = (tmp_path / "regions.bed").read_text().splitlines()
    tracks = {path.name for path in tmp_path.glob("*.bw")}
    assert tracks == {
        f"tracks.{name}.{strand}.bw" for name in ("EI", "IE", "N") for strand in ("plus", "minus")
    }
    assert (tmp_path / "windows.parquet").exists()
    folder.shell(parts)
    joined = (tmp_path / "regions.bed").read_text().splitlines()
    # the first command adds the rate of false positives
    assert joined == [line.rpartition("\t")[0] for line in alone] != []
