"""The report's opening words, for somebody who did not run it."""

from __future__ import annotations

from html import escape
from typing import Any

import pandas as pd

from bioseqrnn.report.keep import keep_sentence
from bioseqrnn.report.names import between, number, title


def _scored(row: pd.Series, confidence: float) -> str:
    metric = str(row["metric"])
    return (
        f"<b>{escape(str(row['model']))}</b> {number(metric, row['estimate'])} "
        f"({100 * confidence:g}% interval {between(metric, row['ci_low'], row['ci_high'])})"
    )


QUESTIONS = {
    "multilabel": "Can a recurrent network tell which labels a sequence has?",
    "regression": "Can a recurrent network tell a sequence's value?",
    "per_position": "Can a recurrent network label every residue?",
}


def _question(metadata: dict[str, Any]) -> str:
    return QUESTIONS.get(metadata["task"], "Can a recurrent network recognise these sequences?")


def _classes(metadata: dict[str, Any]) -> str:
    """The classes in words; nothing where labels are numbers."""
    classes = [escape(name) for name in metadata["classes"]]
    if not classes:
        return ""
    what = "labels" if metadata["task"] == "multilabel" else "classes"
    positive = f"; {classes[1]} is the positive class" if metadata["task"] == "binary" else ""
    return f", {len(classes)} {what} ({', '.join(classes)}{positive})"


def introduction(
    dataset: str,
    metadata: dict[str, Any],
    summary: pd.DataFrame,
    keep: pd.DataFrame,
    selected: dict[str, Any],
    confidence: float,
    given: bool,
) -> str:
    """Say in HTML what was asked, how well it went, and which model predicts new sequences.

    ``keep`` is the table of ``keep_table``; ``given`` says that the split into train and test
    records came with the data.
    """
    kind = {"dna": "DNA", "protein": "protein"}[metadata["alphabet"]]
    text = [
        f"<p>{_question(metadata)} Data: the {metadata['records']:,} {kind} sequences of "
        f"<b>{escape(dataset)}</b>{_classes(metadata)}.</p>"
    ]
    if negatives := metadata.get("negatives"):
        text.append(_made_up(negatives))
    tested = f"on the {summary['n'].max():,} records given to test"
    how = tested if given else "in cross-validation"
    network, metric = selected["row"], selected["headline"]
    own = summary[(summary["model"] == network) & (summary["metric"] == metric)].iloc[0]
    text.append(
        f"<p>{escape(title(metric))} {how}: {_scored(own, confidence)}. Does the RNN earn its "
        f"keep? {keep_sentence(keep, network, metric)}</p>"
    )
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
