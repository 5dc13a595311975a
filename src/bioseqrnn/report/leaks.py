"""What random folds would have leaked, and claimed."""

from __future__ import annotations

import pandas as pd

from bioseqrnn.report.names import number, title
from bioseqrnn.report.parts import Section, html_table, section

WORDS = {
    "homology": "homology", "duplicates": "equal sequences", "column": "the groups given",
    "none": "none (random)", "given": "the given split",
}  # fmt: skip


def leaks_section(leaks: pd.DataFrame, random: pd.DataFrame | None, headline: str) -> Section:
    """Leaks by grouping, and scores on random folds beside those on the dataset's own.

    Parameters
    ----------
    leaks : DataFrame
        ``leaks.tsv`` of the stage ``folds``.
    random : DataFrame or None
        ``random_folds.tsv`` of the evaluation, where models were scored on random folds.
    """
    rows = []
    for name, part in leaks.groupby("grouping", sort=False):
        tested = int(part["tested"].sum())
        row: dict[str, object] = {"Folds by": WORDS.get(str(name), str(name)), "Tested": tested}
        for column, words in (
            ("identical", "with an equal sequence in training"),
            ("similar", "with an equal or similar one"),
        ):
            known = part[column].notna().all()
            row[words] = _share(float(part[column].sum()), tested) if known else "not looked for"
        row["left out of training or test"] = int(part["excluded"].sum())
        rows.append(row)
    text = (
        "Test records that have a twin or a relative among the records that train or validate, "
        "over all folds. What a model remembers of these counts as knowledge."
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
                "random folds would have claimed": [
                    number(headline, v, ".4f") for v in of["random"]
                ],
                "difference": [number(headline, v, "+.4f") for v in of["difference"]],
            }
        )
        html += html_table(scores)
    return section("leaks", "What random folds would have claimed", text, "html", data=html)


def _share(count: float, total: int) -> str:
    return f"{count:,.0f} ({100 * count / max(total, 1):.3g} %)"
