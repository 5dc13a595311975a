"""Settings of the checks before training."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from bioseqrnn.config.strict import Strict


class Kind:
    """A kind of check: a ``Check`` with its own limit.

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
        Range of the limit; without ``most`` there is no upper end.
    action : tuple, optional
        Type and field of the action, where they differ from those of ``Check``.
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
        ge=0, description="Largest value that passes; of class_balance the smallest."
    )
    action: Action = Field(
        "warn",
        description="Beyond the limit: warn and go on, or stop before anything is trained. ignore "
        "leaves the check out.",
    )


LEAKAGE = Kind(
    "LeakageCheck",
    "Exact leakage.",
    0,
    "Most records that may stand on both sides.",
    action=(
        Action,
        Field("stop", description="As of the other checks, but stop unless told otherwise."),
    ),
)
COUNT = Kind("CountCheck", "A number of records.", 0, "Most records that pass.")
REPEATS = Kind(
    "RepeatCheck",
    "A share of the records.",
    0.1,
    "Largest share of the records that passes.",
    most=1,
)
SHARE = Kind(
    "ShareCheck",
    "A small share of records or residues.",
    0.05,
    "Largest share that passes.",
    most=1,
)
BALANCE = Kind(
    "BalanceCheck", "The share of the rarest class.", 0.05, "Smallest share that passes.", most=1
)


def _auc(name: str, of: str, limit: float) -> Kind:
    return Kind(name, f"AUC of the {of}.", limit, "Largest AUC that passes.", least=0.5, most=1)


FIRST_RESIDUE = _auc("FirstResidueCheck", "first residue", 0.7)
LENGTH = _auc("LengthCheck", "length", 0.8)
COMPOSITION = _auc("CompositionCheck", "composition", 0.9)


class AuditConfig(Strict):
    """Checks before training, like ``duplicates: {limit: 0.2, action: stop}``.

    ``limit`` is the largest value that passes (of ``class_balance`` the smallest). Beyond it,
    ``action: warn`` says so and goes on, ``stop`` trains nothing; ``ignore`` leaves the check out.
    """

    EXAMPLE = '{"length": {"action": "stop"}}'

    identity: float = Field(
        0.9,
        ge=0.5,
        le=1,
        description="Share of identical residues, over at least 80 % of both sequences, from which "
        "two records are near-identical.",
    )
    leakage: Annotated[Check, LEAKAGE] = Field(
        LEAKAGE.default(),
        description="Records whose sequence (or its reverse complement) stands in a train or "
        "validation row of the sheet and in a test row. One such record makes a test score a "
        "lie, so it stops.",
    )
    near_leakage: Annotated[Check, COUNT] = Field(
        COUNT.default(),
        description="The same with near-identical sequences.",
    )
    label_conflicts: Annotated[Check, COUNT] = Field(
        COUNT.default(),
        description="Records whose sequence also stands under another label: no model can call "
        "all of them right.",
    )
    duplicates: Annotated[Check, REPEATS] = Field(
        REPEATS.default(),
        description="Share of records whose sequence stood before. They share a fold, so they "
        "cannot leak, but count several times.",
    )
    reverse_complements: Annotated[Check, REPEATS] = Field(
        REPEATS.default(),
        description="Share of DNA records whose reverse complement is another record. Passes with "
        "strands: both, which keeps the two together.",
    )
    near_duplicates: Annotated[Check, SHARE] = Field(
        SHARE.default(),
        description="Share of records with a near-identical record of another class in their "
        "cluster: the labels hang on few residues, or are wrong.",
    )
    overlaps: Annotated[Check, SHARE] = Field(
        SHARE.default(),
        description="Share of records that have a stretch in common with another record which "
        "chance does not explain: overlapping windows of a genome, fragments of a protein.",
    )
    length: Annotated[Check, LENGTH] = Field(
        LENGTH.default(),
        description="AUC that the length alone reaches (one class against the rest, the largest). "
        "Real families differ in length somewhat; 0.8 is more than that explains.",
    )
    composition: Annotated[Check, COMPOSITION] = Field(
        COMPOSITION.default(),
        description="AUC that the shares of the residues alone reach, out of fold. Composition is "
        "often real biology (GC content, charge), so the limit is high.",
    )
    first_residue: Annotated[Check, FIRST_RESIDUE] = Field(
        FIRST_RESIDUE.default(),
        description="AUC that the first residue alone reaches, out of fold. One residue should "
        "say little: more betrays how records were cut (a start M in one class only).",
    )
    class_balance: Annotated[Check, BALANCE] = Field(
        BALANCE.default(), description="Share of the rarest class; less than this is beyond."
    )
    ambiguity: Annotated[Check, SHARE] = Field(
        SHARE.default(), description="Share of ambiguous residues (N, X and the like)."
    )
