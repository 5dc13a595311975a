"""Examples of the documentation in bash, whose commands run in the process of the test."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from Bio.bgzf import BgzfWriter
from conftest import BIN, run_command
from small_models import small_network

from bioseqrnn.cli import app

# hands each call to the test's process, which has imported everything already; one at a time
CLIENT = """
bioseqrnn() {
  ( flock 9; printf '%s\\0' "$@" > .words; echo call > .request; read -r code < .reply
    exit "$code" ) 9> .lock
}
trap 'echo end > .request' EXIT
set -e
"""
# so that examples take seconds
SMALL = {"hidden_size": 6, "stem_filters": 6, "epochs": 2}


@dataclass
class Folder:
    """Where examples are run."""

    path: Path

    def call(self, *words: object) -> None:
        """Run a command in this process; Snakemake, which changes it, in one of its own."""
        if words[0] == "run":
            done = run_command(BIN / "bioseqrnn", *words, cwd=self.path)
            assert done.code == 0, done.err
            return
        app(list(map(str, words)), standalone_mode=False)

    def shell(self, script: str) -> None:
        """Run a script in bash; what it calls ``bioseqrnn`` is run with small settings."""
        for name in (".request", ".reply"):
            (self.path / name).unlink(missing_ok=True)
            os.mkfifo(self.path / name)
        running = subprocess.Popen(["bash", "-c", CLIENT + script], cwd=self.path)
        errors = []
        while (self.path / ".request").read_text().strip() == "call":
            words = (self.path / ".words").read_text().split("\0")[:-1]
            code = 0
            try:
                self.call(*faster(words))
            except Exception as error:
                errors.append((words, error))
                code = 1
            (self.path / ".reply").write_text(f"{code}\n")
        assert running.wait() == 0, errors
        assert not errors


def faster(words: list[str]) -> list[str]:
    """The same call with a small network, few trials and few replicates; a run is only planned."""
    words = list(words)
    for flag, key in (("--config", None), ("--settings", "trials")):
        if words[0] in ("train", "search") and flag in words:
            place = words.index(flag) + 1
            given = json.loads(words[place])
            words[place] = json.dumps(
                given | (SMALL if key is None else {key: 2, "inner_folds": 2})
            )
    if words[0] in ("evaluate", "transfer"):
        words += ["--bootstrap", "100"]
    if words[0] == "run":
        words += ["--", "--dry-run"]
    return words


def write_variants(folder: Path) -> list[tuple[str, int, str, str]]:
    """Write variants of the genome of a folder, a model for it; return CHROM, POS, REF and ALT."""
    text = (folder / "genome.fa").read_bytes()
    with BgzfWriter(str(folder / "genome.fa.gz")) as archive:
        archive.write(text)
    bases = "".join(text.decode().splitlines()[1:])
    rows = [("chr1", p, bases[p - 1], "ACGT"[(p + 1) % 4]) for p in range(500, 520)]
    columns = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"]
    cells = ([chrom, str(p), ".", ref, alt, ".", ".", "."] for chrom, p, ref, alt in rows)
    lines = ["\t".join(row) + "\n" for row in [columns, *cells]]
    (folder / "calls.vcf.gz").write_bytes(gzip.compress("".join(lines).encode()))
    small_network(folder / "final" / "model.safetensors", "binary", trained_lengths=[41, 41])
    return rows
