"""The first question of the report: whether the network is worth its cost.

It has two answers: the network against the best baseline, and all methods together with the network
against all without it.
"""

from __future__ import annotations

import math
from typing import Any, cast

import pandas as pd
from markupsafe import Markup

from bioseqrnn.metrics.registry import lower_is_better, title
from bioseqrnn.stages.report.numbers import between, intervals, number
from bioseqrnn.stages.report.parts import Section, html_table, section

# rows that the evaluation makes
COMBINED, WITHOUT_NETWORK = "combined", "combined_without_network"
BETTER, WORSE, OPEN = "better", "worse", "not clearly different"
SIGNIFICANT = 0.05


def verdict(row: pd.Series) -> str:
    """Verdict on the network from a difference (network minus baseline).

    The network is better if the interval is above zero and the corrected p is small. It is worse if
    the interval is below zero; that is enough, because the simpler method is preferred.
    """
    low, high = float(row["ci_low"]), float(row["ci_high"])
    if lower_is_better(str(row["metric"])):
        low, high = -high, -low
    if low > 0 and not float(row["p_adjusted"]) >= SIGNIFICANT:
        return BETTER
    return WORSE if high < 0 else OPEN


def keep_table(
    summary: pd.DataFrame, comparisons: pd.DataFrame, metric: str, network: str
) -> pd.DataFrame:
    """One network against every baseline on the headline metric, best baseline first.

    Returns
    -------
    DataFrame
        ``baseline``, ``estimate`` (of the baseline), ``ci_low``, ``ci_high``, ``difference``
        (network minus baseline), ``difference_low``, ``difference_high``, ``p``, ``p_adjusted``,
        ``test``, ``verdict`` (of the network).
    """
    scores = summary[(summary["metric"] == metric) & (summary["kind"] == "baseline")]
    scores = scores.set_index("model")
    scores = scores.sort_values("estimate", ascending=lower_is_better(metric))
    rows = comparisons[(comparisons["metric"] == metric) & (comparisons["model"] == network)]
    by_baseline = rows.set_index("baseline")
    table: list[dict[str, Any]] = []
    for name, score in scores.iterrows():
        row = cast("pd.Series", by_baseline.loc[str(name)])
        told = {"baseline": name} | {key: score[key] for key in ("estimate", "ci_low", "ci_high")}
        told |= {"difference": row["difference"], "difference_low": row["ci_low"]}
        told |= {"difference_high": row["ci_high"]}
        told |= {key: row[key] for key in ("p", "p_adjusted", "test")} | {"verdict": verdict(row)}
        table.append(told)
    columns = [
        "baseline", "estimate", "ci_low", "ci_high", "difference", "difference_low",
        "difference_high", "p", "p_adjusted", "test", "verdict",
    ]  # fmt: skip
    return pd.DataFrame(table, columns=columns)


def keep_sentence(table: pd.DataFrame, network: str, metric: str) -> Markup:
    """The answer in one sentence of HTML."""
    words = title(metric)
    if table.empty:
        return Markup("No baseline was run, so <b>{}</b> cannot be compared.").format(network)
    best = table.iloc[0]
    name = str(best["baseline"])
    if not math.isfinite(best["difference"]):
        return Markup(
            "<b>Undecided</b>: {} of <b>{}</b> or of {} is undefined on the test records, for "
            "example because all of their values are equal."
        ).format(words, network, name)
    ends = between(metric, best["difference_low"], best["difference_high"], "+.4f")
    beaten = table.loc[table["verdict"] == WORSE, "baseline"].tolist()
    if beaten:
        return Markup(
            "<b>No</b>: {} of <b>{}</b> is worse than that of {} (difference from the best, {}: "
            "{})."
        ).format(words, network, ", ".join(beaten), name, ends)
    if best["verdict"] == BETTER:
        return Markup(
            "<b>Yes</b>: {} of <b>{}</b> is better than that of every baseline (difference from "
            "the best, {}: {})."
        ).format(words, network, name, ends)
    return Markup(
        "<b>Undecided</b>: the data do not show a difference between {} of <b>{}</b> and of the "
        "best baseline, {} ({}; p {}, corrected)."
    ).format(words, network, name, ends, number("p", best["p_adjusted"], ".2g"))


def added_row(comparisons: pd.DataFrame, metric: str) -> pd.Series | None:
    """Row of all methods together against all but the network; None if this was not computed."""
    rows = comparisons[
        (comparisons["metric"] == metric)
        & (comparisons["model"] == COMBINED)
        & (comparisons["baseline"] == WITHOUT_NETWORK)
    ]
    return None if rows.empty else rows.iloc[0]


def added_sentence(row: pd.Series | None, metric: str) -> Markup:
    """Whether the network adds to what the baselines know, in a sentence of HTML."""
    if row is None:
        return Markup("The network was not combined with baselines.")
    words, ends = title(metric), between(metric, row["ci_low"], row["ci_high"], "+.4f")
    p = number("p", row["p_adjusted"], ".2g")
    if not math.isfinite(row["difference"]):
        return Markup(
            "<b>Undecided</b>: {} of the combination is undefined on the test records."
        ).format(words)
    answer = verdict(row)
    if answer == BETTER:
        return Markup(
            "<b>Yes</b>: the network recognises something that no baseline does. {} of all methods "
            "together is better with the network than without it ({}; p {}, corrected)."
        ).format(words, ends, p)
    if answer == WORSE:
        return Markup(
            "<b>No</b>: {} of all methods together is worse with the network than without it "
            "({}; p {}, corrected)."
        ).format(words, ends, p)
    return Markup(
        "<b>Undecided</b>: the data do not show a difference between {} of all methods together "
        "with and without the network ({}; p {}, corrected)."
    ).format(words, ends, p)


def _answers(
    table: pd.DataFrame, summary: pd.DataFrame, added: pd.Series | None, network: str, metric: str
) -> pd.DataFrame:
    """The two questions in two rows: what is compared, both scores, their difference."""
    estimates = summary[summary["metric"] == metric].set_index("model")["estimate"]
    rows = []
    if len(table):
        best = table.iloc[0]
        ends = best["difference_low"], best["difference_high"]
        rows.append(
            (
                "The network alone", network, str(best["baseline"]), best["difference"], *ends,
                best["p_adjusted"], best["verdict"],
            )
        )  # fmt: skip
    if added is not None:
        rows.append(
            (
                "All methods together", COMBINED, WITHOUT_NETWORK, added["difference"],
                added["ci_low"], added["ci_high"], added["p_adjusted"], verdict(added),
            )
        )  # fmt: skip
    words = title(metric)
    return pd.DataFrame(
        [
            {
                "Question": question,
                "With the network": one,
                words: number(metric, estimates[one], ".4f"),
                "Without": other,
                f"{words} without": number(metric, estimates[other], ".4f"),
                "Difference": number(metric, difference, "+.4f"),
                "Interval": between(metric, low, high, "+.4f"),
                "p (adjusted)": number("p", p, ".3g"),
                "With the network it is": answer,
            }
            for question, one, other, difference, low, high, p, answer in rows
        ]
    )


def keep_section(
    table: pd.DataFrame,
    summary: pd.DataFrame,
    added: pd.Series | None,
    network: str,
    metric: str,
    confidence: float,
) -> Section:
    """The headline table: the two answers, then the network against every baseline."""
    own = summary[(summary["metric"] == metric) & (summary["model"] == network)].iloc[0]
    percent = f"{100 * confidence:g}%"
    shown = pd.DataFrame(
        {
            "Baseline": table["baseline"],
            title(metric): [number(metric, value, ".4f") for value in table["estimate"]],
            f"{percent} interval": intervals(metric, table["ci_low"], table["ci_high"], ".4f"),
            "Network minus baseline": [
                number(metric, value, "+.4f") for value in table["difference"]
            ],
            f"{percent} interval of the difference": intervals(
                metric, table["difference_low"], table["difference_high"], "+.4f"
            ),
            "p (adjusted)": [number("p", value, ".3g") for value in table["p_adjusted"]],
            "The network is": table["verdict"],
        }
    )
    text = Markup(
        "<b>Is the network better than every baseline?</b> {} <b>Does it add to what they know "
        "together?</b> {} Network: {}, {} {} ({} interval {}). Differences are of the same "
        "records, with {} intervals; p is two-sided and corrected (Holm)."
    ).format(
        keep_sentence(table, network, metric),
        added_sentence(added, metric),
        network,
        title(metric),
        number(metric, own["estimate"], ".4f"),
        percent,
        between(metric, own["ci_low"], own["ci_high"], ".4f"),
        percent,
    )
    answers = _answers(table, summary, added, network, metric)
    tables = [html_table(frame) for frame in (answers, shown) if len(frame)]
    return section("keep", "Does the RNN earn its keep?", text, "html", data=Markup().join(tables))
