"""Leaks with random folds, and how much these would have inflated the scores."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from bioseqrnn.metrics.registry import title
from bioseqrnn.stages.report.numbers import number
from bioseqrnn.stages.report.parts import Section, html_table, section
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.declared.data import LEAKS

WORDS = {
    "homology": "homology", "duplicates": "equal sequences", "column": "the groups given",
    "none": "none (random)", "given": "the given split",
}  # fmt: skip


def leaks_section(leaks: pd.DataFrame, random: pd.DataFrame | None, headline: str) -> Section:
    """Leaks by grouping, and scores on random folds compared with those on the dataset's own folds.

    Parameters
    ----------
    leaks : DataFrame
        ``leaks.tsv`` of the stage ``folds``.
    random : DataFrame or None
        ``random_folds.tsv`` of the evaluation, if models were scored on random folds.
    """
    words_of_overlaps, rows = _overlap_words(leaks), []
    for name, part in leaks.groupby("grouping", sort=False):
        tested = int(part["tested"].sum())
        row: dict[str, object] = {"Folds by": WORDS.get(str(name), str(name)), "Tested": tested}
        for column, words in (
            ("identical", "with an equal sequence in training"),
            ("similar", "with an equal or similar sequence in training"),
            ("overlapping", "with a sequence in training that shares a stretch"),
            ("common", "of the others, with a repeat, a motif or low complexity"),
        ):
            known = part[column].notna().all()
            row[words] = _share(float(part[column].sum()), tested) if known else "not searched"
        row["left out of training or test"] = int(part["excluded"].sum())
        rows.append(row)
    text = (
        "Test records with an identical or a similar sequence among the training and validation "
        "records, over all folds. A model that remembers these gets scores that are too good. "
        f"{words_of_overlaps}"
    )
    html = html_table(pd.DataFrame(rows))
    if random is not None and not random.empty:
        of = random[random["metric"] == headline]
        scores = pd.DataFrame(
            {
                "Model": of["model"],
                f"{title(headline)}, folds of this report": [
                    number(headline, v, ".4f") for v in of["grouped"]
                ],
                "random folds": [number(headline, v, ".4f") for v in of["random"]],
                "difference": [number(headline, v, "+.4f") for v in of["difference"]],
            }
        )
        html += html_table(scores)
    return section("leaks", "Leaks, and scores on random folds", text, "html", data=html)


def leaking_overlaps(leaks: pd.DataFrame) -> Markup:
    """Warning in HTML, above all scores, if test records overlap training records."""
    own = _own(leaks)
    if own["overlapping"].isna().any() or not own["overlapping"].sum():
        return Markup()
    return Markup("<p><b>Leak:</b> {}</p>").format(_overlap_words(leaks))


def _own(leaks: pd.DataFrame) -> pd.DataFrame:
    """Rows of the folds used in the report; rows of random folds come after them."""
    lacking = LEAKS.missing(leaks.columns)
    if lacking:
        raise InputError(f"leaks.tsv has no column '{lacking[0]}'; make it again with 'split'")
    own: pd.DataFrame = leaks[leaks["grouping"] == leaks["grouping"].iloc[0]]
    return own


def _overlap_words(leaks: pd.DataFrame) -> str:
    """Sentence on how many test records share a stretch of sequence with training records."""
    own = _own(leaks)
    if own["overlapping"].isna().any():
        return "Shared stretches, like those of overlapping windows, were not searched."
    count, tested = int(own["overlapping"].sum()), int(own["tested"].sum())
    least = f"a stretch of at least {own['stretch'].iloc[0]:.0f} residues"
    if not count:
        return (
            f"No test record shares {least} with a training record, unlike overlapping windows of "
            f"a genome or fragments of a protein.{_common_words(own, tested)}"
        )
    return (
        f"{_share(count, tested)} of the {tested:,} test records share {least} with a training or "
        "validation record: overlapping windows of a genome, fragments of a protein, or copies. "
        "Their scores do not estimate scores on new sequences."
    )


def _common_words(own: pd.DataFrame, tested: int) -> str:
    """Sentence on the stretches that do not relate records, if there are any."""
    common = int(own["common"].sum())
    if not common:
        return ""
    verb = "has" if common == 1 else "have"
    return (
        f" Not counted are stretches that many records have (a repeat, a motif, a constant region) "
        f"or of low complexity, which {_share(common, tested)} of the test records {verb}."
    )


def _share(count: float, total: int) -> str:
    return f"{count:,.0f} ({100 * count / max(total, 1):.3g} %)"
