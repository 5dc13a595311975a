"""Functions of rules files, which are Python but for what follows their functions."""

from __future__ import annotations

import re
from types import SimpleNamespace

from conftest import ROOT


def functions_of(*names: str, **given: object) -> SimpleNamespace:
    """What rules files define, without Snakemake, which would take seconds for each case."""
    space = {"__name__": "rules", **given}
    for name in names:
        path = ROOT / "workflow" / "rules" / f"{name}.smk"
        python = re.split(r"^on(?:start|success|error):$", path.read_text(), flags=re.M)[0]
        exec(compile(python, path, "exec"), space)
    return SimpleNamespace(**space)
