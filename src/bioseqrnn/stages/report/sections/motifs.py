"""The section "What the network learned": motifs, where they are, and how sure they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from bioseqrnn.motifs.logo import logo
from bioseqrnn.stages.report.parts import Section, section
from bioseqrnn.stages.report.sections.motif_checks import by_chance, pairs_part, tested
from bioseqrnn.tables.declared.explanation import (
    BOUNDARY,
    MATRICES,
    MOTIF_NULL,
    MOTIF_PAIRS,
    MOTIF_SEARCH,
    MOTIF_TESTS,
    MOTIFS,
    PLACED,
    VALUE,
)

TITLE = "What the network learned"
SHOWN = 20
# width and height of the picture of positions
WIDE, HIGH = 120, 30
CELL = Markup('<td style="vertical-align:top;padding:8px">{}</td>')


def motifs_section(tables: Mapping[str, pd.DataFrame], per_position: bool = False) -> Section:
    """Logos with names, places, stability, tests and pairs; without a motif, the reason.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        By their declared names; ``MOTIF_TESTS`` and ``MOTIF_NULL`` may be missing.
    per_position : bool
        Whether residues where a class begins were explained, and not whole records.
    """
    motifs, cells, search = (tables[table.name] for table in (MOTIFS, MATRICES, MOTIF_SEARCH))
    tests = tables.get(MOTIF_TESTS.name, MOTIF_TESTS.frame([]))
    null = tables.get(MOTIF_NULL.name, MOTIF_NULL.frame([]))
    chance = by_chance(motifs, null)
    if motifs.empty:
        text = f"{_examined(search, per_position)} {chance}".strip()
        return section("motifs", TITLE, text, "html", data=_reasons(search))
    rows = Markup().join(
        _row(
            {str(k): v for k, v in row.items()},
            cells[cells["motif"] == row["motif"]],
            tests[tests["motif"] == row["motif"]],
        )
        for row in motifs.head(SHOWN).to_dict("records")
    )
    head = Markup().join(
        Markup("<th>{}</th>").format(name)
        for name in ("Motif", "What it says", "Where", "How sure")
    )
    table = Markup(
        '<table class="table table-sm" style="width:auto"><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table>"
    ).format(head, rows)
    more = len(motifs) - SHOWN
    if more > 0:
        table += Markup("<p>{} more in explanation/motifs.tsv.</p>").format(f"{more:,}")
    table += pairs_part(tables[MOTIF_PAIRS.name])
    examined = _examined(search, per_position)
    return section("motifs", TITLE, _description(motifs, examined, chance), "html", data=table)


def _examined(search: pd.DataFrame, per_position: bool) -> str:
    if search.empty or not search["records"].max():
        return "No record was examined."
    first = search.iloc[0]
    runs, count = int(first["trainings"]), int(first["records"])
    what = (
        f"Every residue of {count:,} test records was examined: how much it raises or lowers the "
        "score of a class."
    )
    if per_position:
        what = (
            f"The residues around {count:,} boundaries in test records, where a labelled class "
            "begins, were examined: how much each raises or lowers the scores of the classes at "
            "the boundary."
        )
    return (
        f"{what} Each record was examined by networks that had not been trained on it ({runs:,} "
        f"training{'s' if runs > 1 else ''})."
    )


def _description(motifs: pd.DataFrame, examined: str, chance: str) -> Markup:
    once = int((motifs["found"] <= 1).sum()) if motifs["trainings"].max() > 1 else 0
    count = len(motifs)
    text = (
        f"{examined} Stretches that matter more than chance were aligned: {count:,} "
        f"motif{'s' if count > 1 else ''}. Upper logo: which residues are at these places, in "
        "bits (high: always the same residue). Lower logo: how much each residue changes the "
        "score, in logits. A motif is what the network uses; whether the cell uses it too is "
        "another question. "
    )
    if once:
        verb = "was" if once == 1 else "were"
        text += (
            f"{once:,} of them {verb} found by at most one training; do not rely on "
            f"{'it' if once == 1 else 'them'}. "
        )
    files = "Files: motifs.meme, occurrences.tsv.gz and logos in the folder explanation."
    return Markup("{}{}{}").format(text, chance, files)


def _row(row: dict[str, Any], cells: pd.DataFrame, tests: pd.DataFrame) -> Markup:
    units = "windows" if row["anchor"] == BOUNDARY else "records"
    sure = Markup("<br>").join(part for part in (_sure(row), tested(tests, units)) if part)
    parts = (_picture(row, cells), _says(row), _where(row), sure)
    return Markup("<tr>{}</tr>").format(Markup().join(CELL.format(part) for part in parts))


def _picture(row: dict[str, Any], cells: pd.DataFrame) -> Markup:
    """The logo; its letters come from the table, its text is escaped."""
    symbols = "".join(dict.fromkeys(cells["residue"]))
    tall, share = (
        cells.pivot(index="column", columns="residue", values=name)[list(symbols)].to_numpy()
        for name in ("height", "contribution")
    )
    picture = logo(tall, share, symbols, f"{row['motif']}: {row['consensus']}", row["motif"])
    # written by this package: escaped where it has text
    return Markup("<b>{}</b><br>{}").format(row["motif"], Markup(picture))  # nosec B704


def _says(row: dict[str, Any]) -> Markup:
    verb = "Raises" if row["sign"] == "for" else "Lowers"
    name, unit = f"the score of {row['class']}", " logits"
    if row["class"] == VALUE:
        name, unit = "the value", ""
    text = Markup("<b>{}</b><br>{} {} by {:.2g}{} on average").format(
        row["consensus"], verb, name, abs(row["contribution"]), unit
    )
    if row["also"]:
        text += Markup("<br>The same motif: {}").format(row["also"])
    if row.get("matches"):
        text += Markup("<br>Looks like {}").format(row["matches"])
    elif row.get("match"):
        text += Markup("<br>Like no known motif (nearest: {}, q = {:.2g})").format(
            row["match"], row["match_q"]
        )
    return text


def _where(row: dict[str, Any]) -> Markup:
    at_boundary = row["anchor"] == BOUNDARY
    units = "windows around boundaries" if at_boundary else "records"
    text = Markup("{:,} places in {:,} {}").format(int(row["sites"]), int(row["records"]), units)
    shares = [
        f"{100 * value:.0f} % of {name.removeprefix('occurs_')}"
        for name, value in row.items()
        if name.startswith("occurs_") and not pd.isna(value)
    ]
    if shares:
        where = "windows where this class begins" if at_boundary else "records"
        text += Markup("<br>Occurs in {} of all {}").format(", ".join(shares), where)
    if row["position_share"] >= PLACED and at_boundary:
        text += Markup("<br>{:.0f} % of them begin {}").format(
            100 * row["position_share"], _from_boundary(int(row["position"]))
        )
    elif row["position_share"] >= PLACED:
        place = int(row["position"]) + 1
        side = "first" if row["anchor"] == "start" else "last"
        end = place + int(row["width"]) - 1
        span = f"{place:,}" if end == place else f"{place:,}–{end:,}"
        text += Markup("<br>{:.0f} % of them at residues {}, counted from the {} one").format(
            100 * row["position_share"], span, side
        )
    if not pd.isna(row["reverse"]):
        text += Markup("<br>{:.0f} % on the reverse strand").format(100 * row["reverse"])
    counts = [int(part) for part in str(row["positions"]).split(",")]
    ends = ("before", "after") if at_boundary else ("first", "last")
    return text + Markup("<br>{}").format(_positions(counts, *ends))


def _from_boundary(place: int) -> str:
    """Where a motif begins, in words."""
    if place == 0:
        return "where the class begins"
    return f"{abs(place):,} residues {'before' if place < 0 else 'after'} the class begins"


def _positions(counts: list[int], first: str, last: str) -> Markup:
    """Bars: how often the motif is in each part of the records, from the first to the last."""
    step, top = WIDE / len(counts), max(*counts, 1)
    below = f'y="{HIGH + 10}" font-size="9" fill="#333"'
    bars = "".join(
        f"M{i * step:g} {HIGH}v-{HIGH * count / top:.1f}h{step - 1:g}V{HIGH}z"
        for i, count in enumerate(counts)
        if count
    )
    # numbers only
    return Markup(
        f'<svg viewBox="0 0 {WIDE} {HIGH + 12}" width="{WIDE}" height="{HIGH + 12}" role="img">'
        f"<title>Places along the records</title>"
        f'<path d="{bars}" fill="#0072B2"/><path d="M0 {HIGH}h{WIDE}" stroke="#999"/>'
        f'<text x="0" {below}>{first}</text>'
        f'<text x="{WIDE}" {below} text-anchor="end">{last}</text>'
        "</svg>"
    )  # nosec B704


def _sure(row: dict[str, Any]) -> Markup:
    found, runs = int(row["found"]), int(row["trainings"])
    if runs <= 1:
        return Markup("One training only: it is not known whether another one finds it")
    text = Markup("Found by {} of {} trainings<br>(95 % interval {:.0f}–{:.0f} %)").format(
        found, runs, 100 * row["found_low"], 100 * row["found_high"]
    )
    if found <= 1:
        words = "found once" if found else "only in all trainings together"
        text += Markup('<br><span class="badge bg-warning text-dark">{}</span>').format(words)
    return text


def _reasons(search: pd.DataFrame) -> Markup:
    """Why there is no motif, for each class and sign."""
    rows = Markup().join(
        Markup("<li><b>{} {}</b>: {}</li>").format(
            "For" if row["sign"] == "for" else "Against", row["class"], row["why"]
        )
        for row in search.to_dict("records")
    )
    return Markup("<p>No motif was found.</p><ul>{}</ul>").format(rows)
