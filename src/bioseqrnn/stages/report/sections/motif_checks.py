"""Whether motifs hold up: tests in held-out records, motifs by chance, and pairs of motifs."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from markupsafe import Markup

from bioseqrnn.tables.declared.explanation import VALUE

SIGNIFICANT = 0.05
SHOWN = 20
# words of each test: what was done, and what the control is
TESTS = {
    "removed": ("Taken out of {} test {}", "other stretches"),
    "planted": ("Put into {} {} of other classes", "shuffled"),
}
EVERY = "Put into {} other {}"


def tested(tests: pd.DataFrame, units: str) -> Markup:
    """Return one line for each test of a motif, with the control.

    Parameters
    ----------
    tests : DataFrame
        Rows of ``motif_tests.tsv``.
    units : str
        What was changed: records or windows.
    """
    lines = [
        _tested({str(k): v for k, v in row.items()}, units) for row in tests.to_dict("records")
        if row["records"]
    ]  # fmt: skip
    return Markup("<br>").join(lines)


def _tested(row: dict[str, Any], units: str) -> Markup:
    text, other = TESTS[row["test"]]
    if row["class"] == VALUE and row["test"] == "planted":
        text = EVERY
    unit = "value" if row["class"] == VALUE else "score"
    found = Markup("{}: {} {:+.2g} ({:+.2g} to {:+.2g})").format(
        text.format(f"{int(row['records']):,}", units), unit, row["change"], row["change_low"],
        row["change_high"],
    )  # fmt: skip
    if not row["controls"]:
        return found + Markup("; no room for a control")
    found += Markup("; {}: {:+.2g}").format(other, row["control"])
    if not _beyond(row):
        found += Markup(' <span class="badge bg-warning text-dark">no more than the control</span>')
    return found


def _beyond(row: dict[str, Any]) -> bool:
    """Whether the interval of the difference from the control is on the side that is expected."""
    raises = (row["sign"] == "for") == (row["test"] == "planted")
    end = row["difference_low"] if raises else -row["difference_high"]
    return math.isfinite(end) and end > 0


def by_chance(motifs: pd.DataFrame, null: pd.DataFrame) -> str:
    """Return a sentence: how many motifs networks with permuted labels gave; empty if unknown.

    Parameters
    ----------
    motifs, null : DataFrame
        ``motifs.tsv`` and ``motif_null.tsv``.
    """
    if null.empty:
        return ""
    count, records = len(motifs), int(null["records"].max())
    text = f"{count:,} motif{'' if count == 1 else 's'} found; "
    if len(null) == 1:
        text += (
            "a network trained on permuted labels, which can give motifs only by chance, gave "
            f"{int(null['motifs'].iloc[0]):,} (in {records:,} records"
        )
    else:
        text += (
            f"{len(null):,} networks trained on permuted labels, which can give motifs only by "
            f"chance, gave {null['motifs'].mean():.2g} each on average (in at most {records:,} "
            "records"
        )
    if count and motifs["trainings"].max() > 1:
        alone = motifs["found"].sum() / motifs["trainings"].max()
        text += f"; each training alone found {alone:.2g} of the motifs on average"
    return f"{text}). "


def pairs_part(pairs: pd.DataFrame) -> Markup:
    """Return a table of the pairs that are more frequent than by chance, or one sentence."""
    if pairs.empty:
        return Markup("")
    good = pairs[(pairs["q"] < SIGNIFICANT) | (pairs["spaced_q"] < SIGNIFICANT)]
    if good.empty:
        return Markup(
            "<p>No two motifs share records, or keep a distance, more often than by chance.</p>"
        )
    rows = Markup().join(
        _pair({str(k): v for k, v in row.items()}) for row in good.head(SHOWN).to_dict("records")
    )
    head = Markup("<th>Pair</th><th>In one record</th><th>Distance</th>")
    return Markup(
        '<table class="table table-sm" style="width:auto"><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table>"
    ).format(head, rows)


def _pair(row: dict[str, Any]) -> Markup:
    together = f"{int(row['records']):,} records, {row['expected']:,.0f} expected"
    if row["q"] < SIGNIFICANT:
        together += f" (q = {row['q']:.1g})"
    apart = "none is preferred"
    if row["spaced_q"] < SIGNIFICANT:
        after = row["distance"] > 0
        order = f"{row['other']} after {row['motif']}" if after else (
            f"{row['other']} before {row['motif']}"
        )  # fmt: skip
        strand = f", {row['orientation']} strand" if row["orientation"] else ""
        jitter = int(row["distance_high"] - row["distance"])
        shown = f"{int(row['between']):,}" + (f" ± {jitter}" if jitter else "")
        apart = (
            f"{order}, {shown} residues between them{strand}: {int(row['spaced']):,} records, "
            f"{row['spaced_expected']:,.0f} expected (q = {row['spaced_q']:.1g})"
        )
    return Markup("<tr><td>{} and {}</td><td>{}</td><td>{}</td></tr>").format(
        row["motif"], row["other"], together, apart
    )
