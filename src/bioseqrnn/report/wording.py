"""The report's opening words, for somebody who did not run it."""

from __future__ import annotations

from html import escape
from typing import Any

import pandas as pd


def best(summary: pd.DataFrame, kind: str, metric: str) -> pd.Series | None:
    """Return the row of the best network or baseline by a higher-is-better metric."""
    rows = summary[(summary["kind"] == kind) & (summary["metric"] == metric)]
    return None if rows.empty else rows.iloc[int(rows["estimate"].to_numpy().argmax())]


def _scored(row: pd.Series, confidence: float) -> str:
    return (
        f"<b>{escape(str(row['model']))}</b> {row['estimate']:.3f} "
        f"({100 * confidence:g}% interval {row['ci_low']:.3f} to {row['ci_high']:.3f})"
    )


def introduction(
    dataset: str,
    metadata: dict[str, Any],
    summary: pd.DataFrame,
    comparisons: pd.DataFrame,
    selected: dict[str, Any],
    confidence: float,
    given: bool,
) -> str:
    """Say in HTML what was asked, how well it went, and which model predicts new sequences.

    ``given`` says that the split into train and test records came with the data.
    """
    kind = {"dna": "DNA", "protein": "protein"}[metadata["alphabet"]]
    classes = ", ".join(escape(name) for name in metadata["classes"])
    if len(metadata["classes"]) == 2:
        classes += f"; {escape(metadata['classes'][1])} is the positive class"
    text = [
        f"<p>Can a recurrent network recognise the {metadata['records']:,} {kind} sequences of "
        f"<b>{escape(dataset)}</b> in {len(metadata['classes'])} classes ({classes})?</p>"
    ]
    if negatives := metadata.get("negatives"):
        text.append(_made_up(negatives))
    tested = f"on the {summary['n'].max():,} records given to test"
    how = tested if given else "in cross-validation"
    for metric, title in (("accuracy", "Accuracy"), ("auroc", "AUROC")):
        network = best(summary, "network", metric)
        baseline = best(summary, "baseline", metric)
        assert network is not None
        line = f"<p>{title} {how}: best network {_scored(network, confidence)}"
        if baseline is not None:
            line += f", best baseline {_scored(baseline, confidence)}"
            line += f". {_verdict(comparisons, network['model'], baseline['model'], metric)}"
        text.append(line + "</p>")
    records = "all records, those given to test among them," if given else "all records"
    text.append(
        f"<p>The final model for new sequences is <b>{escape(selected['model'])}</b>, chosen by "
        f"{escape(selected['criterion'])} and trained on {records} for {selected['epochs']} "
        f"epochs. Networks were trained on {escape(', '.join(selected['devices']))}.</p>"
    )
    return "\n".join(text)


def _made_up(negatives: dict[str, Any]) -> str:
    """Say how much a score against made negatives tells."""
    how, tells = {
        "shuffle": (
            f"shuffles of the others that keep the counts of their {negatives['k']}-mers",
            "a score tells that the others have an order, not that it is the one of interest",
        ),
        "genome": (
            "windows of a genome, like the others in length and G+C",
            "a score tells the others from background, and some windows may be unknown positives",
        ),
    }[negatives["method"]]
    return (
        f"<p>{negatives['made']:,} of these sequences, class "
        f"<b>{escape(negatives['label'])}</b>, were made: {how}; {tells}.</p>"
    )


def beyond_limits(checks: pd.DataFrame) -> str:
    """Say in HTML which checks of the audit are beyond their limit, nothing where none is."""
    names = checks.loc[checks["verdict"] != "pass", "check"]
    if names.empty:
        return ""
    listed = escape(", ".join(name.replace("_", " ") for name in names))
    return (
        f"<p>The audit before training found {len(names)} of {len(checks)} checks beyond their "
        f"limit (<b>{listed}</b>): read its table before the scores.</p>"
    )


def _verdict(comparisons: pd.DataFrame, network: str, baseline: str, metric: str) -> str:
    row = comparisons[
        (comparisons["model"] == network)
        & (comparisons["baseline"] == baseline)
        & (comparisons["metric"] == metric)
    ].iloc[0]
    between = f"{row['ci_low']:+.4f} to {row['ci_high']:+.4f}"
    if row["ci_low"] > 0:
        return f"The network is better (difference {between})."
    if row["ci_high"] < 0:
        return f"The baseline is better (difference {between})."
    return f"The data cannot tell the two apart (difference {between})."
