"""Search for motifs by modisco-lite in the attributions of a run, for ``benchmarks.motifs``.

The command ``modisco motifs`` runs with its defaults, on whole records and up to 20,000 seqlets of
a sign, as ``bioseqrnn motifs`` does. Of a pattern, the columns are kept that its report keeps: from
the first to the last one with 30 % of the largest contribution.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd

from bioseqrnn.motifs.tomtom import Database
from bioseqrnn.stages.explanation.found import matched
from bioseqrnn.stages.explanation.modisco import export_modisco
from bioseqrnn.tables.declared.explanation import MODISCO_RECORDS

MOST_SEQLETS = 20_000
KEPT = 0.3
SIGNS = {"pos": "for", "neg": "against"}
READ = """
import h5py, json, sys
found = []
with h5py.File(sys.argv[1]) as file:
    for sign in ("pos_patterns", "neg_patterns"):
        for name, one in file.get(sign, {}).items():
            sites = int(one["seqlets"]["n_seqlets"][:][0])
            matrices = {key: one[key][:].tolist() for key in ("sequence", "contrib_scores")}
            found.append({"name": sign[:3] + name[7:], "sites": sites} | matrices)
print(json.dumps(found))
"""


def search(
    folder: Path, python: Path, database: Database
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Search the attributions in a folder of one class.

    Returns
    -------
    found : DataFrame
        The columns of ``motifs.tsv`` that are judged.
    matrices : dict
        Frequencies by name, float64 [width, 4].
    """
    out = folder / "modisco"
    records, values = export_modisco(
        folder / "attributions.parquet", folder / "sequences.parquet", out
    )
    assert records.name == MODISCO_RECORDS
    width = np.load(records)["arr_0"].shape[2]
    result = out / "results.h5"
    words = ["-s", records, "-a", values, "-n", MOST_SEQLETS, "-w", width, "-o", result]
    command = [str(python.with_name("modisco")), "motifs", *map(str, words)]
    subprocess.run(command, check=True, capture_output=True)
    told = subprocess.run(
        [str(python), "-c", READ, str(result)], check=True, capture_output=True, text=True
    )
    rows, matrices = [], {}
    for one in json.loads(told.stdout):
        size = np.abs(np.array(one["contrib_scores"])).sum(axis=1)
        kept = np.flatnonzero(size >= KEPT * size.max())
        frequencies = np.array(one["sequence"])[kept[0] : kept[-1] + 1] + 1e-3
        frequencies /= frequencies.sum(axis=1, keepdims=True)
        matrices[one["name"]] = frequencies
        tall = frequencies.max(axis=1) > 0.5
        letters = ["ACGT"[i] for i in frequencies.argmax(axis=1)]
        rows.append({
            "motif": one["name"], "sign": SIGNS[one["name"][:3]], "sites": one["sites"],
            "consensus": "".join(x if big else "." for x, big in zip(letters, tall, strict=True)),
            **matched(database.matches(frequencies)),
        })  # fmt: skip
    return pd.DataFrame(rows), matrices
