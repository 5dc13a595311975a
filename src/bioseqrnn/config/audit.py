"""Settings of the checks before training."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bioseqrnn.config.strict import Strict


class Check(Strict):
    """One check of the audit."""

    limit: float = Field(
        ge=0, description="Largest value that passes; of class_balance the smallest."
    )
    action: Literal["warn", "stop", "ignore"] = Field(
        "warn",
        description="Beyond the limit: warn and go on, or stop before anything is trained. ignore "
        "leaves the check out.",
    )


class LeakageCheck(Check):
    """Exact leakage."""

    limit: float = Field(0, ge=0, description="Most records that may stand on both sides.")
    action: Literal["warn", "stop", "ignore"] = Field(
        "stop", description="As of the other checks, but stop unless told otherwise."
    )


class CountCheck(Check):
    """A number of records."""

    limit: float = Field(0, ge=0, description="Most records that pass.")


class RepeatCheck(Check):
    """A share of the records."""

    limit: float = Field(0.1, ge=0, le=1, description="Largest share of the records that passes.")


class ShareCheck(Check):
    """A small share of records or residues."""

    limit: float = Field(0.05, ge=0, le=1, description="Largest share that passes.")


class BalanceCheck(Check):
    """The share of the rarest class."""

    limit: float = Field(0.05, ge=0, le=1, description="Smallest share that passes.")


class FirstResidueCheck(Check):
    """AUC of the first residue."""

    limit: float = Field(0.7, ge=0.5, le=1, description="Largest AUC that passes.")


class LengthCheck(Check):
    """AUC of the length."""

    limit: float = Field(0.8, ge=0.5, le=1, description="Largest AUC that passes.")


class CompositionCheck(Check):
    """AUC of the composition."""

    limit: float = Field(0.9, ge=0.5, le=1, description="Largest AUC that passes.")


class AuditConfig(Strict):
    """Checks before training, like ``duplicates: {limit: 0.2, action: stop}``.

    ``limit`` is the largest value that passes (of ``class_balance`` the smallest). Beyond it,
    ``action: warn`` says so and goes on, ``stop`` trains nothing; ``ignore`` leaves the check out.
    """

    identity: float = Field(
        0.9,
        ge=0.5,
        le=1,
        description="Share of identical residues, over at least 80 % of both sequences, from which "
        "two records are near-identical.",
    )
    leakage: LeakageCheck = Field(
        LeakageCheck(),
        description="Records whose sequence (or its reverse complement) stands in a train or "
        "validation row of the sheet and in a test row. One such record makes a test score a "
        "lie, so it stops.",
    )
    near_leakage: CountCheck = Field(
        CountCheck(),
        description="The same with near-identical sequences.",
    )
    label_conflicts: CountCheck = Field(
        CountCheck(),
        description="Records whose sequence also stands under another label: no model can call "
        "all of them right.",
    )
    duplicates: RepeatCheck = Field(
        RepeatCheck(),
        description="Share of records whose sequence stood before. They share a fold, so they "
        "cannot leak, but count several times.",
    )
    reverse_complements: RepeatCheck = Field(
        RepeatCheck(),
        description="Share of DNA records whose reverse complement is another record. Passes with "
        "strands: both, which keeps the two together.",
    )
    near_duplicates: ShareCheck = Field(
        ShareCheck(),
        description="Share of records with a near-identical record of another class in their "
        "cluster: the labels hang on few residues, or are wrong.",
    )
    overlaps: ShareCheck = Field(
        ShareCheck(),
        description="Share of records that have a stretch in common with another record which "
        "chance does not explain: overlapping windows of a genome, fragments of a protein.",
    )
    length: LengthCheck = Field(
        LengthCheck(),
        description="AUC that the length alone reaches (one class against the rest, the largest). "
        "Real families differ in length somewhat; 0.8 is more than that explains.",
    )
    composition: CompositionCheck = Field(
        CompositionCheck(),
        description="AUC that the shares of the residues alone reach, out of fold. Composition is "
        "often real biology (GC content, charge), so the limit is high.",
    )
    first_residue: FirstResidueCheck = Field(
        FirstResidueCheck(),
        description="AUC that the first residue alone reaches, out of fold. One residue should "
        "say little: more betrays how records were cut (a start M in one class only).",
    )
    class_balance: BalanceCheck = Field(
        BalanceCheck(), description="Share of the rarest class; less than this is beyond."
    )
    ambiguity: ShareCheck = Field(
        ShareCheck(), description="Share of ambiguous residues (N, X and the like)."
    )
