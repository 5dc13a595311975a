"""Standard output of ``bioseqrnn predict`` whose reader ends before it does."""

from __future__ import annotations

import os
import subprocess

from conftest import BIN
from small_models import small_network


def test_a_reader_that_has_seen_enough_ends_it_quietly(tmp_path):
    small_network(tmp_path / "m.safetensors", "binary")
    (tmp_path / "q.fa").write_text(">a\nACGT\n")
    reads, writes = os.pipe()
    os.close(reads)
    words = ["predict", "q.fa", "--model", "m.safetensors", "--device", "cpu", "-o", "-"]
    done = subprocess.run(
        [BIN / "bioseqrnn", *words], cwd=tmp_path, stdout=writes, stderr=subprocess.PIPE, text=True,
        check=False,
    )  # fmt: skip
    os.close(writes)
    assert done.returncode == 1
    assert done.stderr == "gru trained on 10 records, on cpu (1 thread)\n"
