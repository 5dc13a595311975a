"""Markdown from the frames of ``results``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from bioseqrnn.stages.evaluation.combine import COMBINED, WITHOUT_NETWORK
from bioseqrnn.stages.evaluation.derived import ENSEMBLE as SEEDS_TOGETHER

from .entry import Bar, Entry

NONE = "–"
ENSEMBLE, SEARCHED = f"{{}}{SEEDS_TOGETHER}", "{}_search"


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float) -> str:
    """Three digits behind the point; a dash for what is not there."""
    return NONE if pd.isna(value) else f"{value:.3f}"


def percent(share: float) -> str:
    """A share in whole per cent; a dash for what is not there."""
    return NONE if pd.isna(share) else f"{share:.0%}"


def _interval(low: float, high: float, sign: str = "") -> str:
    return f"({low:{sign}.3f} to {high:{sign}.3f})"


def scored(row: pd.Series | None) -> str:
    """An estimate with its interval."""
    if row is None:
        return NONE
    return f"{number(row['estimate'])} {_interval(row['ci_low'], row['ci_high'])}"


def differing(row: pd.Series | None) -> str:
    """A difference with its interval; bold where all of the interval is below zero."""
    if row is None:
        return NONE
    text = f"{row['difference']:+.3f} {_interval(row['ci_low'], row['ci_high'], '+')}"
    return f"**{text}**" if row["ci_high"] < 0 else text


def one(frame: pd.DataFrame, **values: str) -> pd.Series | None:
    """The row with these values, or None."""
    for column, value in values.items():
        frame = frame[frame[column] == value]
    return None if frame.empty else frame.iloc[0]


def single_methods(
    models: Sequence[str], scores: pd.DataFrame, entry: str, metric: str
) -> pd.DataFrame:
    """Rows of the networks and baselines, without those that are made of several models."""
    networks = [*models, *(SEARCHED.format(name) for name in models)]
    single = (scores["kind"] == "baseline") | scores["model"].isin(networks)
    return scores[single & (scores["entry"] == entry) & (scores["metric"] == metric)]


def best_of(scores: pd.DataFrame) -> pd.Series | None:
    """The row with the largest estimate: chosen by the test records, in favour of this row."""
    ranked = scores.dropna(subset="estimate").sort_values("estimate", kind="stable")
    return None if ranked.empty else ranked.iloc[-1]


def reached(bar: Bar, combined: pd.Series | None, best: pd.Series | None) -> str:
    """Whether the combination reaches the target; a dash if one of the scores is missing."""
    if combined is None or (bar.reach is None and best is None):
        return NONE
    if bar.reach is not None:
        return "yes" if combined["estimate"] >= bar.reach else "no"
    return "yes" if combined["estimate"] > best["estimate"] else "no"


def headline(
    entries: Sequence[Entry], models: Sequence[str], scores: pd.DataFrame, comparisons: pd.DataFrame
) -> str:
    """The table that judges the combination, one row per set and metric."""
    first = models[0]
    beside = (ENSEMBLE.format(first), SEARCHED.format(first), "selected", *models[1:])
    others = [name for name in beside if (scores["model"] == name).any()]
    titles = [f"{first}, seeds together" if name == beside[0] else name for name in others]
    header = [
        "set", "protocol", "alike training", "n", "metric", COMBINED, "target", "reached",
        WITHOUT_NETWORK, f"{COMBINED} minus {WITHOUT_NETWORK}",
        "best single method", f"{COMBINED} minus best single method",
        first, "± seeds", *titles,
    ]  # fmt: skip
    rows = []
    for entry in entries:
        for bar in entry.bars:
            where = {"entry": entry.name, "metric": bar.metric}
            found = {
                name: one(scores, model=name, **where)
                for name in (COMBINED, WITHOUT_NETWORK, first, *others)
            }
            combined, network = found[COMBINED], found[first]
            best = best_of(single_methods(models, scores, entry.name, bar.metric))
            if best is None:
                continue
            from_network, from_best = (
                one(comparisons, model=COMBINED, baseline=name, **where)
                for name in (WITHOUT_NETWORK, str(best["model"]))
            )
            rows.append(
                [
                    entry.name, entry.protocol, percent(best["test_alike"]),
                    f"{int(best['n']):,}", bar.metric,
                    scored(combined), bar.target, reached(bar, combined, best),
                    scored(found[WITHOUT_NETWORK]), differing(from_network),
                    f"{best['model']} {scored(best)}", differing(from_best),
                    scored(network), NONE if network is None else number(network["seeds_sd"]),
                    *(scored(found[name]) for name in others),
                ]
            )  # fmt: skip
    return markdown(header, rows)


def network_adds(entries: Sequence[Entry], comparisons: pd.DataFrame) -> str:
    """One sentence: on how many sets the network makes the combination better, or worse."""
    metric_of = {entry.name: entry.bars[0].metric for entry in entries}
    rows = comparisons[
        (comparisons["model"] == COMBINED)
        & (comparisons["baseline"] == WITHOUT_NETWORK)
        & (comparisons["metric"] == comparisons["entry"].map(metric_of))
    ]
    above, below = rows[rows["ci_low"] > 0], rows[rows["ci_high"] < 0]
    return (
        f"{COMBINED} minus {WITHOUT_NETWORK}, on {len(rows)} sets by their first metric: the whole "
        f"interval is above zero on {_counted(above)} and below zero on {_counted(below)}."
    )


def _counted(rows: pd.DataFrame) -> str:
    return f"{len(rows)} ({', '.join(rows['entry'])})" if len(rows) else "0"


def against_baselines(
    entries: Sequence[Entry], model: str, scores: pd.DataFrame, comparisons: pd.DataFrame
) -> str:
    """One network against every baseline, by the first metric of each set."""
    baselines = list(dict.fromkeys(scores.loc[scores["kind"] == "baseline", "model"]))
    rows = []
    for entry in entries:
        metric = entry.bars[0].metric
        cells = [
            (
                one(scores, entry=entry.name, metric=metric, model=name),
                one(comparisons, entry=entry.name, metric=metric, model=model, baseline=name),
            )
            for name in baselines
        ]
        if all(score is None for score, _ in cells):
            continue
        shown = [
            NONE if score is None else f"{number(score['estimate'])}; {differing(difference)}"
            for score, difference in cells
        ]
        rows.append([entry.name, metric, *shown])
    return markdown(["set", "metric", *baselines], rows)


def losses(entries: Sequence[Entry], models: Sequence[str], comparisons: pd.DataFrame) -> str:
    """One sentence a model: on which sets it is below another method, all of the interval."""
    metric_of = {entry.name: entry.bars[0].metric for entry in entries}
    lines = []
    for model in models:
        rows = comparisons[
            (comparisons["model"] == model)
            & (comparisons["metric"] == comparisons["entry"].map(metric_of))
        ]
        below = rows[rows["ci_high"] < 0]
        named = [f"{row.entry} ({row.baseline})" for row in below.itertuples()]
        sets = rows["entry"].nunique()
        lines.append(
            f"- {model}: {len(rows)} comparisons on {sets} sets; interval of the difference wholly "
            f"below zero: {', '.join(named) if named else 'none'}."
        )
    return "\n".join(lines)


def costs(entries: Sequence[Entry], models: Sequence[str], scores: pd.DataFrame) -> str:
    """Parameters of the networks; seconds of one training job, and of them the processor's."""
    baselines = list(dict.fromkeys(scores.loc[scores["kind"] == "baseline", "model"]))
    header = [
        "set",
        *(f"{name}: parameters; s" for name in models),
        *(f"{b}: s" for b in baselines),
    ]
    rows = []
    for entry in entries:
        found = [one(scores, entry=entry.name, model=name) for name in (*models, *baselines)]
        cells = [
            NONE if row is None
            else f"{int(row['parameters']):,}; {_seconds(row)}" if row["kind"] == "network"
            else _seconds(row)
            for row in found
        ]  # fmt: skip
        rows.append([entry.name, *cells])
    return markdown(header, rows)


def _seconds(row: pd.Series) -> str:
    return f"{row['seconds']:.1f}"


def references(entries: Sequence[Entry]) -> str:
    """What others reach, as written down in ``sets``."""
    header = ["set", "what", "source", "metric", "published", "plain methods, measured", "target"]
    rows = [
        [
            entry.name, entry.about, entry.source, bar.metric, bar.published, bar.plain,
            bar.target,
        ]
        for entry in entries
        for bar in entry.bars
    ]  # fmt: skip
    return markdown(header, rows)
