"""The checks of the audit: the kind of value of each, and advice for the user.

A new check needs a ``Check`` here, a function of the same name in ``stages/audit`` (``LOOKS``) and
a setting of the same name in ``config/audit.py``, which holds its default limit. A test compares
the three.
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
        Kind of its value and of its limit.
    advice : str
        One sentence on what to do if the value is beyond the limit.
    of_classes : bool
        Whether it is about classes, and so does not apply to other tasks.
    at_least : bool
        Whether the limit is a minimum, so values below it are beyond it.
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
        """Format a value of the check for readers."""
        if self.measure == AUC:
            return f"AUC {value:.3f}"
        return f"{value:,.0f} records" if self.measure == RECORDS else f"{100 * value:.3g} %"


# in the order of the tables
CHECKS = {
    check.name: check
    for check in (
        Check(
            "leakage", RECORDS,
            "Test scores would be too high: remove these records from one side.",
        ),
        Check(
            "near_leakage", RECORDS,
            "Test scores may be too high: consider a split by similarity.",
        ),
        Check(
            "label_conflicts", RECORDS,
            "No model can call all of them correctly: correct or remove them.", of_classes=True,
        ),
        Check(
            "duplicates", FRACTION,
            "They are counted several times: consider keeping one record of each.",
        ),
        Check(
            "reverse_complements", FRACTION,
            "The two records may be on different sides of a fold: if the strand does not matter, "
            "set 'strands: both'.",
        ),
        Check(
            "near_duplicates", FRACTION, "Check the labels of the listed records.", of_classes=True
        ),
        Check(
            "overlaps", FRACTION,
            "If two of them are on different sides of a fold, test scores are too high. Folds by "
            "homology keep them together (folds.overlaps), and leaks.tsv counts those of other "
            "folds and of a given split.",
        ),
        Check(
            "length", AUC,
            "Draw all classes from the same range of lengths, or a model may learn only the "
            "length.",
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
            "class_balance", FRACTION, "Accuracy is not informative here: look at MCC and AUPRC.",
            of_classes=True, at_least=True,
        ),
        Check("ambiguity", FRACTION, "Consider removing records of poor quality."),
    )
}  # fmt: skip
