"""Sections on new sequences: their calls, and which of these the model is not valid for."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from bioseqrnn.stages.report.parts import Section, html_table, section
from bioseqrnn.stages.report.queries import LISTED, OUTSIDE, Summary

MARK = "⚠\u00a0outside"


def records_section(queries: pd.DataFrame) -> Section:
    """What became of the records of each query."""
    shown = pd.DataFrame({"Query": queries["query"]})
    for column, words in (
        ("records", "Records"), ("predicted", "Predicted"), ("refused", "Refused"),
        ("unreadable", "Files not read to the end"), ("in_training", "Of the training"),
    ):  # fmt: skip
        if column in ("records", "predicted") or queries[column].fillna(0).any():
            shown[words] = [_whole(value) for value in queries[column]]
    for column, words in (("inside", "Inside"), ("edge", "Edge"), ("outside", MARK)):
        shown[words] = _shares(queries, column)
    if queries["unknown"].any():
        shown["Unknown"] = _shares(queries, "unknown")
    if queries["set_single"].notna().any():
        for column, words in (
            ("set_single", "Sets of one class"), ("set_several", "of several"),
            ("set_empty", "empty"),
        ):  # fmt: skip
            shown[words] = _shares(queries, column)
    for column, words in (
        ("disagree", "Members that disagree, mean"), ("value_mean", "Value, mean"),
        ("value_low", "lowest"), ("value_high", "highest"),
    ):  # fmt: skip
        if queries[column].notna().any():
            shown[words] = ["" if pd.isna(value) else f"{value:.3g}" for value in queries[column]]
    text = (
        "Inside, edge and outside: whether records are like those that the model was trained on. "
        "Calls outside were never tested on such records, so their probabilities mean nothing."
    )
    if queries["set_single"].notna().any():
        text += (
            " A prediction set has the classes that cannot be excluded at the error rate of the "
            "model; if it is empty, the record is unlike the held-out records of every class."
        )
    return section("query_records", "Records", text, "html", data=html_table(shown))


def calls_section(calls: pd.DataFrame, per_position: bool) -> Section:
    """Calls of each class."""
    totals = calls.groupby("query", sort=False)["called"].transform("sum")
    shown = pd.DataFrame(
        {
            "Query": calls["query"],
            "Class": calls["class"],
            "Called from probability": _limits(calls),
            "Residues" if per_position else "Records": [
                _share(*pair) for pair in zip(calls["called"], totals, strict=True)
            ],
            "Inside": [_whole(value) for value in calls["inside"]],
            "Edge": [_whole(value) for value in calls["edge"]],
            MARK: [_whole(value) for value in calls["outside"]],
        }
    )
    if calls["unknown"].any():
        shown["Unknown"] = [_whole(value) for value in calls["unknown"]]
    return section(
        "query_calls",
        "Calls",
        "Calls of each class, and how many of them are for records inside, at the edge or outside "
        "of what the model was trained on.",
        "html",
        data=html_table(shown),
    )


def marked_section(marked: pd.DataFrame, outside: bool) -> Section | None:
    """Records that are outside the domain, or that have no call; None if there are none."""
    rows = marked[(marked["mark"] == OUTSIDE) == outside]
    if rows.empty:
        return None
    shown = pd.DataFrame(
        {
            "Query": rows["query"],
            "Record": rows["id"].fillna(""),
            "Length": ["" if pd.isna(value) else f"{value:,}" for value in rows["length"]],
        }
    )
    if outside:
        if rows["call"].notna().any():
            shown["Call"] = rows["call"].fillna("") + f" ({MARK})"
        name, title = "query_outside", "Calls outside the domain"
        text = "Do not rely on these calls. They are marked in the column domain of the files."
    else:
        shown["Status"] = rows["mark"]
        name, title = "query_refused", "Records without a call"
        text = "Records that the model cannot take, and files that could not be read to their end."
    shown["Why"] = rows["reason"].fillna("")
    text += f" The first {LISTED} of each query; the files of predictions have all."
    return section(name, title, text, "html", data=html_table(shown))


def sets_section(conformal: pd.DataFrame) -> Section:
    """How often prediction sets contain the true class of held-out records."""
    shown = pd.DataFrame(
        {
            "Error rate": [f"{value:g}" for value in conformal["error_rate"]],
            "Class": conformal["class"],
            "Coverage stated": [f"{1 - value:.3f}" for value in conformal["error_rate"]],
            "measured, by groups": [f"{value:.3f}" for value in conformal["coverage_groups"]],
            "measured, by records": [f"{value:.3f}" for value in conformal["coverage"]],
            "Classes in a set": [f"{value:.3g}" for value in conformal["size"]],
            "Empty sets": [f"{value:.1%}" for value in conformal["empty"]],
            "Sets of one class": [f"{value:.1%}" for value in conformal["single"]],
            "Records": [_whole(value) for value in conformal["n"]],
            "Groups": [_whole(value) for value in conformal["groups"]],
        }
    )
    if not conformal["class"].astype(bool).any():
        shown = shown.drop(columns=["Class", "Empty sets", "Sets of one class"])
        shown = shown.rename(columns={"Classes in a set": "Width of the interval"})
    model = str(conformal["model"].iloc[0])
    return section(
        "prediction_sets",
        "Prediction sets: how often they are right",
        f"Sets of the classes that cannot be excluded, by {model}: the fraction of test records "
        "whose set contains the true class. Limits for a fold come from the other folds. The "
        "stated coverage is about groups of similar records, each with the same weight.",
        "html",
        data=html_table(shown),
    )


def introduction_of(summaries: Sequence[Summary]) -> str:
    """The introduction of the page."""
    count = len(summaries)
    models = ", ".join(dict.fromkeys(one.model for one in summaries))
    what = "1 query" if count == 1 else f"{count:,} queries"
    return (
        f"Predictions for {what} by the model {models}. In the workflow, report.html beside this "
        "page says how good it is."
    )


def _limits(calls: pd.DataFrame) -> list[str]:
    """From which probability each class is called, in words."""
    known = calls["threshold"].notna().groupby(calls["query"]).transform("any")
    return [
        f"{limit:.3f}"
        if pd.notna(limit)
        else "no other reaches its own"
        if other
        else "the highest"
        for limit, other in zip(calls["threshold"], known, strict=True)
    ]


def _shares(queries: pd.DataFrame, column: str) -> list[str]:
    return [_share(*pair) for pair in zip(queries[column], queries["predicted"], strict=True)]


def _share(count: float, total: float) -> str:
    if pd.isna(count):
        return ""
    return f"{count:,} ({100 * count / total:.3g}\u00a0%)" if total else f"{count:,}"


def _whole(value: float) -> str:
    return "" if pd.isna(value) else f"{int(value):,}"
