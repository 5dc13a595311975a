"""Every check of the audit: what its value is, and what to do about it.

A new check is a ``Check`` here, a function of that name in ``stages/audit`` (``LOOKS``) and a
setting of that name in ``config/audit.py``, which holds its default limit; a test compares the
three.
"""

from __future__ import annotations

from dataclasses import dataclass

RECORDS, AUC, FRACTION = "records", "AUC", "fraction"


@dataclass(frozen=True)
class Check:
    """One check of the audit.

    Attributes
    ----------
    name : str
    measure : {"records", "AUC", "fraction"}
        What its value and its limit are.
    advice : str
        What to do where it is beyond its limit: one sentence.
    of_classes : bool
        Whether it is about classes, and so not of other tasks.
    at_least : bool
        Whether values below the limit are beyond it.
    """

    name: str
    measure: str
    advice: str
    of_classes: bool = False
    at_least: bool = False

    def beyond(self, value: float, limit: float) -> bool:
        """Whether a value is beyond a limit."""
        return value < limit if self.at_least else value > limit

    def written(self, value: float) -> str:
        """A value of the check as a reader expects it."""
        if self.measure == AUC:
            return f"AUC {value:.3f}"
        return f"{value:,.0f} records" if self.measure == RECORDS else f"{100 * value:.3g} %"


# in the order of the tables
CHECKS = {
    check.name: check
    for check in (
        Check(
            "leakage", RECORDS,
            "A test score would be flattered: remove these records from one side.",
        ),
        Check(
            "near_leakage", RECORDS,
            "A test score may be flattered: consider a split by similarity.",
        ),
        Check(
            "label_conflicts", RECORDS,
            "No model can call all of them right: correct or remove them.", of_classes=True,
        ),
        Check(
            "duplicates", FRACTION,
            "They count several times: consider keeping one record of each.",
        ),
        Check(
            "reverse_complements", FRACTION,
            "The two may be on two sides of a fold: if the strand does not matter, set 'strands: "
            "both'.",
        ),
        Check(
            "near_duplicates", FRACTION, "Check the labels of the listed records.", of_classes=True
        ),
        Check(
            "overlaps", FRACTION,
            "Where two of them stand on two sides of a fold, a test score is flattered; leaks.tsv "
            "counts those: set folds.grouping to 'column' with their chromosome, genome position "
            "or protein as group, or lower folds.coverage.",
        ),
        Check(
            "length", AUC,
            "Draw the classes from one range of lengths, or a model may learn the length.",
            of_classes=True,
        ),
        Check(
            "composition", AUC, "Compare every network with the baseline 'composition'.",
            of_classes=True,
        ),
        Check(
            "first_residue", AUC,
            "Check whether the classes were cut or annotated in different ways.", of_classes=True,
        ),
        Check(
            "class_balance", FRACTION, "Accuracy says little here: look at MCC and AUPRC.",
            of_classes=True, at_least=True,
        ),
        Check("ambiguity", FRACTION, "Consider removing records of poor quality."),
    )
}  # fmt: skip
