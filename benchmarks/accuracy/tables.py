"""Markdown from the frames of ``results``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from .entry import Bar, Entry

NONE = "–"
ENSEMBLE, SEARCHED = "{}_ensemble", "{}_search"


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


def best_baseline(scores: pd.DataFrame, entry: str, metric: str) -> pd.Series | None:
    """The baseline with the largest estimate: picked by the records that score it."""
    chosen = scores[
        (scores["entry"] == entry) & (scores["metric"] == metric) & (scores["kind"] == "baseline")
    ]
    ranked = chosen.dropna(subset="estimate").sort_values("estimate", kind="stable")
    return None if ranked.empty else ranked.iloc[-1]


def reached(bar: Bar, head: pd.Series, ensemble: pd.Series | None, ahead: float) -> str:
    """Whether the judged network reaches the target, its seeds together do, or neither does."""
    if bar.reach is None:
        return "yes" if ahead > 0 else "no"
    if head["estimate"] >= bar.reach:
        return "yes"
    return "ensemble" if ensemble is not None and ensemble["estimate"] >= bar.reach else "no"


def headline(
    entries: Sequence[Entry], models: Sequence[str], scores: pd.DataFrame, comparisons: pd.DataFrame
) -> str:
    """The table that says whether the networks earn their keep: a row a set and metric."""
    judged = models[0]
    beside = (SEARCHED.format(judged), "selected", *models[1:])
    others = [name for name in beside if (scores["model"] == name).any()]
    header = [
        "set", "protocol", "alike training", "n", "metric",
        judged, "± seeds", f"{judged}, seeds together", *others,
        "best baseline", f"difference of {judged} from it", "target", "reached",
    ]  # fmt: skip
    rows = []
    for entry in entries:
        for bar in entry.bars:
            found = {
                name: one(scores, entry=entry.name, metric=bar.metric, model=name)
                for name in (judged, ENSEMBLE.format(judged), *others)
            }
            head, ensemble = found[judged], found[ENSEMBLE.format(judged)]
            best = best_baseline(scores, entry.name, bar.metric)
            if head is None or best is None:
                continue
            difference = one(
                comparisons, entry=entry.name, metric=bar.metric, model=judged,
                baseline=str(best["model"]),
            )  # fmt: skip
            ahead = head["estimate"] - best["estimate"]
            rows.append(
                [
                    entry.name, entry.protocol, percent(head["test_alike"]),
                    f"{int(head['n']):,}", bar.metric,
                    scored(head), number(head["seeds_sd"]), scored(ensemble),
                    *(scored(found[name]) for name in others),
                    f"{best['model']} {scored(best)}", differing(difference),
                    f"≥ {bar.reach:.3f}" if bar.reach else "above every baseline",
                    reached(bar, head, ensemble, ahead),
                ]
            )  # fmt: skip
    return markdown(header, rows)


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
    """One sentence a network: on which sets it is below a baseline, all of the interval."""
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
            f"≥ {bar.reach:.3f}" if bar.reach else "above every baseline",
        ]
        for entry in entries
        for bar in entry.bars
    ]  # fmt: skip
    return markdown(header, rows)
