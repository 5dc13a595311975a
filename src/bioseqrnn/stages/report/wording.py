"""The introduction of the report, for readers who did not run the analysis."""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from bioseqrnn.metrics.registry import title
from bioseqrnn.stages.report.keep import added_sentence, keep_sentence
from bioseqrnn.stages.report.numbers import between, number
from bioseqrnn.stages.report.results import Results


def _scored(row: pd.Series, confidence: float) -> Markup:
    metric = str(row["metric"])
    return Markup("<b>{}</b> {} ({:g}% interval {})").format(
        row["model"],
        number(metric, row["estimate"]),
        100 * confidence,
        between(metric, row["ci_low"], row["ci_high"]),
    )


QUESTIONS = {
    "multilabel": "Can a recurrent network predict which labels a sequence has?",
    "regression": "Can a recurrent network predict the value of a sequence?",
    "per_position": "Can a recurrent network label every residue?",
}


def _question(metadata: dict[str, Any]) -> str:
    return QUESTIONS.get(metadata["task"], "Can a recurrent network recognise these sequences?")


def _classes(metadata: dict[str, Any]) -> str:
    """The classes in words; empty if labels are numbers."""
    classes = metadata["classes"]
    if not classes:
        return ""
    what = "labels" if metadata["task"] == "multilabel" else "classes"
    positive = f"; {classes[1]} is the positive class" if metadata["task"] == "binary" else ""
    return f", {len(classes)} {what} ({', '.join(classes)}{positive})"


def introduction(dataset: str, results: Results) -> Markup:
    """Introduction in HTML: the question, the result, and the model for new sequences."""
    metadata, selected, given = results.metadata, results.selected, results.given
    summary = results.tables["summary"]
    kind = {"dna": "DNA", "protein": "protein"}[metadata["alphabet"]]
    text = [
        Markup("<p>{} Data: the {:,} {} sequences of <b>{}</b>{}.</p>").format(
            _question(metadata), metadata["records"], kind, dataset, _classes(metadata)
        )
    ]
    if negatives := metadata.get("negatives"):
        text.append(_made_up(negatives))
    tested = f"on the {summary['n'].max():,} given test records"
    how = tested if given else "in cross-validation"
    network, metric, final = selected["row"], selected["headline"], selected["final"]
    own = summary[(summary["model"] == final["row"]) & (summary["metric"] == metric)].iloc[0]
    text.append(
        Markup(
            "<p>{} of the final model {}: {}. Does the RNN earn its keep? Against the best "
            "baseline: {} Added to all baselines: {}</p>"
        ).format(
            title(metric),
            how,
            _scored(own, results.confidence),
            keep_sentence(results.keep, network, metric),
            added_sentence(results.added, metric),
        )
    )
    text.append(_final(selected, given))
    return Markup("\n").join(text)


def _final(selected: dict[str, Any], given: bool) -> Markup:
    """What the final model is made of, and what it was trained on."""
    final = selected["final"]
    records = "all records, including the given test records," if given else "all records"
    used = [member for member in final["members"] if member["weight"] > 0]
    made = f", of {', '.join(member['name'] for member in used)}" if len(used) > 1 else ""
    text = Markup(
        "<p>The final model for new sequences is <b>{}</b>{}. It was chosen by the {}. It was "
        "trained on {}"
    ).format(final["name"], made, final["criterion"], records)
    if any(member["kind"] == "network" for member in used):
        text += Markup(" (the network {} for {} epochs)").format(
            selected["model"], selected["epochs"]
        )
    text += Markup(". Networks were trained on {}.").format(", ".join(selected["devices"]))
    return text + Markup(" If there are queries, predictions.html beside this page is on them.</p>")


def _made_up(negatives: dict[str, Any]) -> Markup:
    """Sentence in HTML on how to interpret a score against generated negatives."""
    how, tells = {
        "shuffle": (
            f"shuffles of the others, with the same counts of {negatives['k']}-mers",
            "a score shows that the order of residues in the others is not random, not that it is "
            "the signal of interest",
        ),
        "genome": (
            "windows of a genome with the length and G+C of the others",
            "a score shows only that the others differ from background, and some windows may be "
            "unknown positives",
        ),
    }[negatives["method"]]
    return Markup("<p>{:,} of these sequences, class <b>{}</b>, were made: {}; {}.</p>").format(
        negatives["made"], negatives["label"], how, tells
    )


def beyond_limits(checks: pd.DataFrame) -> Markup:
    """Sentence in HTML on the checks of the audit beyond their limits; empty if there are none."""
    names = checks.loc[checks["verdict"] != "pass", "check"]
    if names.empty:
        return Markup()
    return Markup(
        "<p>The audit before training found {} of {} checks outside their limit (<b>{}</b>): read "
        "its table before the scores.</p>"
    ).format(len(names), len(checks), ", ".join(name.replace("_", " ") for name in names))
