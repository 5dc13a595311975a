"""What tests of single records share: networks, a combination of methods, FASTA files."""

from __future__ import annotations

import json

import torch
from made_predictions import dataset

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.store import save_model
from bioseqrnn.onehot.alphabet import ALPHABETS
from bioseqrnn.stages.baselines.run import fit_final_baseline
from bioseqrnn.stages.final.run import combine_final
from bioseqrnn.support.io import sha256
from bioseqrnn.tasks import task_of

CLASSES = {
    "binary": ["no", "yes"], "multiclass": ["a", "b", "c"], "multilabel": ["x", "y"],
    "regression": [], "per_position": ["i", "o"],
}  # fmt: skip


def network_file(path, task="multiclass", alphabet="dna", card=None, **settings):
    """An untrained network whose outputs differ clearly between records."""
    torch.manual_seed(7)
    small = {"cell": "gru", "hidden_size": 6, "stem_filters": 4, "stem_width": 5}
    config = ModelConfig(**small | settings)
    symbols, kind = ALPHABETS[alphabet].symbols, task_of(task)
    network = SequenceClassifier(config, len(symbols), kind.outputs(CLASSES[task]), kind)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if "position" not in name:
                weight.mul_(2)
    network.fit_outputs(torch.zeros(network.outputs), (2.0, 3.0))
    given = {
        "alphabet": alphabet, "symbols": symbols, "classes": CLASSES[task], "task": task,
        "config": config.model_dump(), "model": "gru", "temperature": 1.6,
    }  # fmt: skip
    if task == "regression":
        del given["temperature"]
    save_model(path, network, given | (card or {}))
    return path


def combined_file(folder):
    """A network and two baselines, combined."""
    table = dataset(folder, "multiclass", n=30)
    shared = ("alphabet", "symbols", "strands", "ids", "classes", "task", "sources")
    card = {key: table.metadata[key] for key in shared} | {
        "trained_on": len(table), "temperature": None,
        "trained_lengths": [int(table.lengths.min()), int(table.lengths.max())],
        "sequences_sha256": sha256(folder / "sequences.parquet"),
    }  # fmt: skip
    assert len(table.classes) == 3
    files = [network_file(folder / "gru.safetensors", card=card)]
    for name in ("kmer_logistic", "pwm"):
        files.append(folder / f"{name}.safetensors")
        settings = {"strength": 1.0} if name == "kmer_logistic" else {}
        fit_final_baseline(
            folder / "sequences.parquet", files[-1], baseline=name, settings=settings, seed=1,
            threads=1,
        )  # fmt: skip
    members = [
        {
            "name": file.stem, "kind": "network" if file.stem == "gru" else "baseline",
            "weight": weight, "settings": {}, "temperature": 1.3,
        }
        for file, weight in zip(files, (0.7, 0.2, 0.3), strict=True)
    ]  # fmt: skip
    final = {
        "name": "combined", "row": "combined", "criterion": "", "members": members, "centre": 0.0,
        "metrics": {}, "temperature": 0.8, "thresholds": {}, "aim": "none",
    }  # fmt: skip
    (folder / "selected.json").write_text(
        json.dumps({"model": "gru", "config": {}, "epochs": 1, "metrics": {}, "final": final})
    )
    combine_final(files, folder / "selected.json", folder / "model.safetensors")
    return folder / "model.safetensors"


def fasta_of(path, records):
    path.write_text("".join(f">{name}\n{text}\n" for name, text in records.items()))
    return path
