"""The job of the stage: files of members and ``selected.json`` in, ``model.safetensors`` out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bioseqrnn.combination.store import save_final
from bioseqrnn.domain.fit import FittedDomain, fit_domain
from bioseqrnn.metrics.combination import Combination
from bioseqrnn.metrics.own_scores import combined_own, final_thresholds
from bioseqrnn.networks.card import raw_card
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import sha256
from bioseqrnn.tables.folds import read_first_test
from bioseqrnn.tables.selected import read_selection
from bioseqrnn.tables.sequences import open_sequences
from bioseqrnn.tasks import task_of


def combine_final(
    files: Sequence[Path],
    selected: Path,
    output: Path,
    *,
    sequences: Path | None = None,
    folds: Path | None = None,
) -> None:
    """Put the final model together.

    Parameters
    ----------
    files : sequence of Path
        Files of networks (``train --selected``) and baselines (``baseline --selected``), in any
        order; those of all members are needed, others are left out.
    selected : Path
        ``selected.json`` of the evaluation, with the weights.
    output : Path
        ``model.safetensors`` to write.
    sequences, folds : Path, optional
        ``sequences.parquet`` that the members were trained on, and ``folds.parquet``. With both,
        the file says what the training records are like.

    Raises
    ------
    InputError
        A member is missing or given twice, or the members were trained on different records.
    """
    choice = read_selection(selected, ("final",))["final"]
    given: dict[str, Path] = {}
    for file in files:
        card = raw_card(file)
        name = str(card.get("baseline") or card.get("model"))
        if name in given:
            raise InputError(f"{file}: '{name}' is also in {given[name]}; give each member once")
        given[name] = file
    missing = [member["name"] for member in choice["members"] if member["name"] not in given]
    if missing:
        raise InputError(
            f"{selected}: the final model needs '{missing[0]}', which is not given; fit it to all "
            "records with 'train --selected' or 'baseline --selected'"
        )
    members = [given[member["name"]] for member in choice["members"]]
    cards = [raw_card(file) for file in members]
    task = task_of(cards[0]["task"])
    own = combined_own(
        task,
        [card.get("own") for card in cards],
        [member["temperature"] or 1.0 for member in choice["members"]],
        Combination(np.array([m["weight"] for m in choice["members"]]), choice["centre"]),
    )
    thresholds = final_thresholds(task, {**choice, "model": choice["name"]}, own)
    domain = domain_of(cards[0], sequences, folds)
    save_final(output, members, choice | {"thresholds": thresholds}, domain)
    say(f"final model: {choice['name']} ({', '.join(_shares(choice))})")


def domain_of(
    card: dict[str, Any], sequences: Path | None, folds: Path | None
) -> FittedDomain | None:
    """What the training records are like; None without the tables."""
    if sequences is None or folds is None:
        return None
    if card.get("sequences_sha256") and card["sequences_sha256"] != sha256(sequences):
        raise InputError(
            f"{sequences}: the members were trained on another table of sequences; give the table "
            "that they were trained on"
        )
    file = open_sequences(sequences)
    both = file.metadata["strands"] == "both"
    return fit_domain(file.packed, read_first_test(folds, file), file.alphabet, both)


def _shares(choice: dict[str, Any]) -> list[str]:
    """Members that count, with their fractions of the weights."""
    total = sum(member["weight"] for member in choice["members"])
    return [
        f"{member['name']} {member['weight'] / total:.0%}"
        for member in choice["members"]
        if member["weight"] > 0
    ]
