"""Nothing of the test records reaches training, calibration, thresholds or selection.

Through the command line, on the bundled peptides. What only test records have stays unlearned, and
labels that mean nothing give a score that means nothing; that both tests can fail is shown beside.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from conftest import BIN, RESOURCES, run_command
from safetensors.numpy import load_file

from bioseqrnn.networks.card import read_card
from bioseqrnn.tables.predictions import read_predictions

# one process makes the fixture for all
pytestmark = pytest.mark.xdist_group("leaks")

# acidic, as these peptides never are: what was learned of them speaks against it
MARKER = "DEDED"
SMALL = {"hidden_size": 16, "stem_filters": 16, "epochs": 6, "learning_rate": 0.01}
CELLS = ("gru", "rnn")
BASELINE = "kmer_logistic"
COMBINED = ("combined", "combined_without_network")


def peptides(name):
    records = (RESOURCES / "acp" / f"{name}.fa").read_text().split(">")[1:]
    return ["".join(record.split("\n")[1:]) for record in records]


def command(folder, *words):
    done = run_command(BIN / "bioseqrnn", *words, cwd=folder)
    assert done.code == 0, done.err


def train_and_evaluate(folder, *, folds, cells=CELLS, options=()):
    """All stages from folds.parquet to the tables."""
    tables = ("--sequences", "sequences.parquet", "--folds", "folds.parquet")
    predictions = []
    for fold in range(folds):
        for cell in cells:
            out = f"{cell}/{fold}/model.safetensors"
            config = json.dumps(SMALL | {"cell": cell})
            command(folder, "train", *tables, "--fold", fold, "--config", config, "-o", out)
            predictions.append(f"{cell}/{fold}/predictions.parquet")
        out = f"{BASELINE}/{fold}/predictions.parquet"
        command(folder, "baseline", *tables, "--fold", fold, "--method", BASELINE, "-o", out)
        predictions.append(out)
    command(
        folder, "evaluate", *predictions, *tables[:2], *tables[2:], "-o", "evaluation", *options
    )


def estimates(folder):
    summary = pd.read_csv(folder / "evaluation" / "summary.tsv", sep="\t")
    return summary[summary["metric"] == "auroc"].set_index("model")


def marked_dataset(folder, marked, in_training):
    """Test records are negatives all, half of them called positive; ``marked`` of them are marked.

    Parameters
    ----------
    marked : {"ACP", "Random"}
        Which of the test records carry the marker.
    in_training : bool
        Whether the training records of that class do too.
    """
    folder.mkdir()
    positives, negatives = peptides("ACP"), peptides("Random")
    test = negatives[:160]
    parts = {"test": {"ACP": test[:80], "Random": test[80:]}}
    for role, keep in (("validation", np.s_[::6]), ("train", None)):
        parts[role] = {}
        for label, rows in (("ACP", positives), ("Random", negatives[160:])):
            chosen = set(range(len(rows))[np.s_[::6]])
            inside = chosen if keep is not None else set(range(len(rows))) - chosen
            parts[role][label] = [rows[i] for i in sorted(inside)]
    sheet = ["dataset\tfasta\tlabel\tsplit\n"]
    for role, by_label in parts.items():
        for label, rows in by_label.items():
            mark = MARKER if label == marked and (in_training or role == "test") else ""
            lines = [f">{role}_{label}_{i}\n{mark}{row}\n" for i, row in enumerate(rows)]
            (folder / f"{role}_{label}.fa").write_text("".join(lines))
            sheet.append(f"acp\t{role}_{label}.fa\t{label}\t{role}\n")
    (folder / "datasets.tsv").write_text("".join(sheet))
    command(
        folder, "encode", "--sheet", "datasets.tsv", "--dataset", "acp", "--options",
        '{"positive": "ACP"}', "--intake", "intake.tsv", "-o", "sequences.parquet",
    )  # fmt: skip
    command(folder, "split", "--sequences", "sequences.parquet", "-o", "folds.parquet")
    return folder


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """The marker on the test records of either class, and once where training can see it."""
    root, folders = tmp_path_factory.mktemp("marked"), {}
    for name, label, in_training in (
        ("positives", "ACP", False), ("negatives", "Random", False), ("shown", "ACP", True),
    ):  # fmt: skip
        folders[name] = marked_dataset(root / name, label, in_training)
        cells = CELLS[:1] if in_training else CELLS
        train_and_evaluate(folders[name], folds=1, cells=cells, options=("--bootstrap", 100))
    return folders


def test_a_marker_of_the_test_records_stays_unlearned(marked):
    hidden, shown = estimates(marked["positives"]), estimates(marked["shown"])
    assert set(hidden.index) == {*CELLS, "selected", BASELINE, *COMBINED}
    # whoever had seen it would be near 1, as those are who have
    assert (hidden["estimate"] < 0.65).all(), hidden
    assert (shown["estimate"] > 0.9).all(), shown


def test_nothing_that_is_chosen_depends_on_the_test_records(marked):
    """Other test records beside the same others: the same choices, bit by bit."""
    one, other = marked["positives"], marked["negatives"]
    for cell in CELLS:
        first, second = (load_file(f / cell / "0" / "model.safetensors") for f in (one, other))
        assert all(np.array_equal(first[name], second[name]) for name in first)
        histories = [(f / cell / "0" / "history.tsv").read_bytes() for f in (one, other)]
        assert histories[0] == histories[1]
    for name in (*CELLS, BASELINE):
        runs = [read_predictions(f / name / "0" / "predictions.parquet", "validation")
                for f in (one, other)]  # fmt: skip
        assert len(runs[0].ids) > 50
        assert runs[0].ids == runs[1].ids
        assert np.array_equal(runs[0].scores, runs[1].scores)
    tables = [f / "evaluation" for f in (one, other)]
    weights = [(f / "weights.tsv").read_bytes() for f in tables]
    assert weights[0] == weights[1]
    temperatures = [(f / "temperatures.tsv").read_bytes() for f in tables]
    assert temperatures[0] == temperatures[1]
    chosen = [
        pd.read_csv(f / "thresholds.tsv", sep="\t")[["model", "threshold", "validation"]]
        for f in tables
    ]
    pd.testing.assert_frame_equal(*chosen)
    selections = [json.loads((f / "selected.json").read_text()) for f in tables]
    # what scores of test records say: how good the model is, and how far it can be trusted
    metrics = [
        (selection.pop("metrics"), selection["final"].pop("metrics")) for selection in selections
    ]
    limits = [selection["final"].pop("conformal") for selection in selections]
    assert limits[0] != limits[1]
    assert selections[0] == selections[1]
    # while what is said of the test records does depend on them
    assert metrics[0] != metrics[1]


def test_the_final_model_carries_the_temperature_and_the_threshold(marked):
    folder = marked["positives"]
    command(
        folder, "train", "--sequences", "sequences.parquet", "--selected",
        "evaluation/selected.json", "-o", "final.safetensors",
    )  # fmt: skip
    card = read_card(folder / "final.safetensors")
    selected = json.loads((folder / "evaluation" / "selected.json").read_text())
    assert card["temperature"] == selected["temperature"] > 0
    assert card["thresholds"] == selected["thresholds"]
    assert set(card["thresholds"]) == {"ACP"}


def test_permuted_labels_score_chance(tmp_path):
    """Beside them the real labels of the same records, with the same settings."""
    records = [(label, row) for label in ("ACP", "Random") for row in peptides(label)]
    labels = np.array([label for label, _ in records])
    found = {}
    for name in ("real", "permuted"):
        folder = tmp_path / name
        folder.mkdir()
        given = labels if name == "real" else np.random.default_rng(1).permutation(labels)
        fasta = [f">{i}\n{row}\n" for i, (_, row) in enumerate(records)]
        (folder / "all.fa").write_text("".join(fasta))
        rows = [f"{i}\t{label}\n" for i, label in enumerate(given)]
        (folder / "labels.tsv").write_text("id\tlabel\n" + "".join(rows))
        command(
            folder, "encode", "--fasta", "all.fa", "--labels", "labels.tsv", "--options",
            '{"positive": "ACP"}', "--intake", "intake.tsv", "-o", "sequences.parquet",
        )  # fmt: skip
        command(
            folder, "split", "--sequences", "sequences.parquet", "-o", "folds.parquet",
            "--folds", 2,
        )  # fmt: skip
        # of 95 % intervals, one in twenty misses 0.5 by chance
        train_and_evaluate(folder, folds=2, cells=["gru"], options=("--confidence", 0.99))
        found[name] = estimates(folder)
    for model in ("gru", BASELINE, *COMBINED):
        permuted, real = (found[name].loc[model] for name in ("permuted", "real"))
        assert permuted["ci_low"] < 0.5 < permuted["ci_high"], model
        assert permuted["ci_high"] < real["ci_low"] - 0.1, model
