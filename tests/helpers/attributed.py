"""What tests of attributions share: networks of any kind, and records."""

from __future__ import annotations

import numpy as np
import torch

from bioseqrnn.attribution.attribution import Explained
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.defaults import fit_config
from bioseqrnn.tables.attributions import attribution_writer
from bioseqrnn.tasks import task_of

SYMBOLS = {"dna": 4, "protein": 20}


def explained(
    alphabet="dna", task="multiclass", outputs=3, strands="single", temperature=1.7, steepness=1.5,
    more=None, **settings,
):  # fmt: skip
    """A network with random weights, by default large enough for strongly curved logits."""
    torch.manual_seed(5)
    metadata = {"alphabet": alphabet, "strands": strands, "task": task} | (more or {})
    small = {"cell": "gru", "hidden_size": 6, "stem_filters": 5, "stem_width": 5}
    config = fit_config(ModelConfig(**small | settings), metadata)
    network = SequenceClassifier(config, SYMBOLS[alphabet], outputs, task_of(task))
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if not name.startswith(("position", "others.0.position")):
                weight.mul_(steepness).add_(torch.randn_like(weight) * 0.2 * (steepness - 1))
    network.fit_outputs(torch.linspace(0, 0.3, outputs), (2.0, 3.0))
    background = np.arange(1.0, SYMBOLS[alphabet] + 1)
    background /= background.sum()
    return Explained(network, temperature, background, torch.device("cpu"))


def record(length, alphabet="dna", seed=0, ambiguous=()):
    """One-hot rows of a random record; at these positions any residue is possible."""
    symbols = SYMBOLS[alphabet]
    rng = np.random.default_rng([seed, length])
    x = np.eye(symbols, dtype=np.float32)[rng.integers(0, symbols, length)]
    x[list(ambiguous)] = 1 / symbols
    return x


def write_attributions(path, table, records, values, runs, classes, keep=lambda _row: True):
    """Each record of the table is attributed by the run of its number."""
    about = {
        "alphabet": "dna", "symbols": "ACGT", "strands": table.metadata["strands"],
        "task": table.metadata["task"], "classes": classes, "method": "mutagenesis",
        "background": [0.25] * 4, "records": len(table), "eligible": len(table), "effects": False,
    }  # fmt: skip
    none = np.zeros((0, 4), np.float32)
    with attribution_writer(path, about) as writer:
        for number, run in enumerate(runs):
            for row, name in enumerate(table.ids):
                if row % len(runs) != number:
                    continue
                part = values[records.offsets[row] : records.offsets[row + 1]]
                for place, label in enumerate(classes):
                    if keep(row):
                        writer.add(run, name, label, 0.0, part[:, place], none)
                    else:
                        writer.refuse(run, name, label, "too long")
