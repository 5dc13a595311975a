"""Examples of the documentation in bash, whose commands run in the process of the test."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from conftest import BIN, run_command

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
