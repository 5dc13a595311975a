"""Settings of the checks before training."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from bioseqrnn.config.strict import Strict


class Kind:
    """A kind of check: a ``Check`` with its own default limit.

    ``Annotated[Check, kind]`` is the type of a setting, which pydantic validates as ``kind.model``.

    Parameters
    ----------
    name, meaning : str
        Name and description in the schema.
    limit : float
        Default of the limit.
    about : str
        Description of the limit.
    least, most : float
        Range of the limit; without ``most`` there is no upper bound.
    action : tuple, optional
        Type and field of the action, if they differ from those of ``Check``.
    """

    def __init__(
        self,
        name: str,
        meaning: str,
        limit: float,
        about: str,
        *,
        least: float = 0,
        most: float | None = None,
        action: tuple[Any, Any] | None = None,
    ) -> None:
        ranged = (float, Field(limit, ge=least, le=most, description=about))
        fields: dict[str, Any] = {"limit": ranged} | ({} if action is None else {"action": action})
        self.model: type[Check] = create_model(name, __base__=Check, __doc__=meaning, **fields)

    def default(self) -> Check:
        """Return the check with its default limit and action."""
        return self.model()  # type: ignore[call-arg]

    def __get_pydantic_core_schema__(self, _source: Any, handler: Any) -> Any:
        return handler(self.model)


Action = Literal["warn", "stop", "ignore"]


class Check(Strict):
    """One check of the audit."""

    limit: float = Field(
        ge=0, description="Largest value that passes; for class_balance, the smallest."
    )
    action: Action = Field(
        "warn",
        description="Action if the check is outside its limit: warn continues, stop ends the run "
        "before anything is trained, ignore skips the check.",
    )


LEAKAGE = Kind(
    "LeakageCheck",
    "Exact leakage.",
    0,
    "Maximum number of records that may be on both sides.",
    action=(
        Action,
        Field("stop", description="As in the other checks, but the default is stop."),
    ),
)
COUNT = Kind("CountCheck", "A number of records.", 0, "Maximum number of records that passes.")
REPEATS = Kind(
    "RepeatCheck",
    "A fraction of the records.",
    0.1,
    "Largest fraction of the records that passes.",
    most=1,
)
SHARE = Kind(
    "ShareCheck",
    "A small fraction of records or residues.",
    0.05,
    "Largest fraction that passes.",
    most=1,
)
BALANCE = Kind(
    "BalanceCheck",
    "The fraction of the rarest class.",
    0.05,
    "Smallest fraction that passes.",
    most=1,
)


def _auc(name: str, of: str, limit: float) -> Kind:
    return Kind(name, f"AUC of the {of}.", limit, "Largest AUC that passes.", least=0.5, most=1)


FIRST_RESIDUE = _auc("FirstResidueCheck", "first residue", 0.7)
LENGTH = _auc("LengthCheck", "length", 0.8)
COMPOSITION = _auc("CompositionCheck", "composition", 0.9)


class AuditConfig(Strict):
    """Checks before training, like ``duplicates: {limit: 0.2, action: stop}``.

    ``limit`` is the largest value that passes (for ``class_balance``, the smallest). Beyond it,
    ``action: warn`` gives a warning and continues, and ``stop`` ends the run before anything is
    trained; ``ignore`` leaves the check out.
    """

    EXAMPLE = '{"length": {"action": "stop"}}'

    identity: float = Field(
        0.9,
        ge=0.5,
        le=1,
        description="Minimum fraction of identical residues, over at least 80 % of both sequences, "
        "for two records to be near-identical.",
    )
    leakage: Annotated[Check, LEAKAGE] = Field(
        LEAKAGE.default(),
        description="Records whose sequence (or its reverse complement) is in a train or "
        "validation row of the sheet and in a test row. A single such record makes a test score "
        "wrong, so the run stops.",
    )
    near_leakage: Annotated[Check, COUNT] = Field(
        COUNT.default(),
        description="The same for near-identical sequences.",
    )
    label_conflicts: Annotated[Check, COUNT] = Field(
        COUNT.default(),
        description="Records whose sequence also has another label: no model can call all of "
        "them correctly.",
    )
    duplicates: Annotated[Check, REPEATS] = Field(
        REPEATS.default(),
        description="Fraction of records that repeat the sequence of an earlier record. They are "
        "in one fold, so they cannot leak, but they are counted several times.",
    )
    reverse_complements: Annotated[Check, REPEATS] = Field(
        REPEATS.default(),
        description="Fraction of DNA records whose reverse complement is another record. Passes "
        "with strands: both, which keeps the two together.",
    )
    near_duplicates: Annotated[Check, SHARE] = Field(
        SHARE.default(),
        description="Fraction of records with a near-identical record of another class in their "
        "cluster: the labels depend on few residues, or are wrong.",
    )
    overlaps: Annotated[Check, SHARE] = Field(
        SHARE.default(),
        description="Fraction of records that share a stretch with another record, longer than "
        "chance explains: overlapping windows of a genome, fragments of a protein.",
    )
    length: Annotated[Check, LENGTH] = Field(
        LENGTH.default(),
        description="AUC of the length alone (one class against the rest; the largest value). Real "
        "families differ somewhat in length, but this does not explain an AUC above 0.8.",
    )
    composition: Annotated[Check, COMPOSITION] = Field(
        COMPOSITION.default(),
        description="Out-of-fold AUC of the residue composition alone. Composition often has a "
        "biological cause (GC content, charge), so the limit is high.",
    )
    first_residue: Annotated[Check, FIRST_RESIDUE] = Field(
        FIRST_RESIDUE.default(),
        description="Out-of-fold AUC of the first residue alone. One residue should contain little "
        "information: a higher AUC shows how records were cut (a start M in one class only).",
    )
    class_balance: Annotated[Check, BALANCE] = Field(
        BALANCE.default(),
        description="Fraction of the rarest class; the check fails below the limit.",
    )
    ambiguity: Annotated[Check, SHARE] = Field(
        SHARE.default(), description="Fraction of ambiguous residues (N, X and others)."
    )
