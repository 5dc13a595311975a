"""An ensemble: networks of one configuration, from several seeds or folds, in one file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bioseqrnn.combination.store import NETWORK, save_final
from bioseqrnn.networks.card import MEMBERS, read_card
from bioseqrnn.stages.final.run import domain_of
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import sha256

NAME = "ensemble"
# fields of the settings that networks of one configuration share
KEYS = ("config", "model")


def make_ensemble(
    files: Sequence[Path],
    output: Path,
    *,
    sequences: Path | None = None,
    folds: Path | None = None,
) -> None:
    """Put networks of one configuration together, each with the same weight.

    The prediction is the mean of the calibrated logits of the networks, or of their values. Without
    thresholds that all of them share, the most probable class is called.

    Parameters
    ----------
    files : sequence of Path
        Files of ``train``: of several seeds, or of several folds of one table.
    output : Path
        ``model.safetensors`` to write.
    sequences, folds : Path, optional
        As in ``combine_final``.

    Raises
    ------
    InputError
        Fewer than two networks, one of them twice, a baseline, or networks of different settings
        or tables.
    """
    if len(files) < 2:
        raise InputError(
            f"{files[0]}: an ensemble needs two or more networks; give more, or --selected"
        )
    seen: dict[str, Path] = {}
    for file in files:
        digest = sha256(file)
        if digest in seen:
            raise InputError(f"{file}: is the same as {seen[digest]}; give each network once")
        seen[digest] = file
    cards = [read_card(file) for file in files]
    for file, card in zip(files, cards, strict=True):
        for key in KEYS:
            if card[key] != cards[0][key]:
                raise InputError(
                    f"{file}: its {key} differs from that of {files[0]}; an ensemble has one "
                    "configuration (with --selected, different methods are combined)"
                )
    say(f"{NAME} of {len(files)} {cards[0]['model']}")
    choice = {
        "name": NAME,
        MEMBERS: [_member(number, card, len(files)) for number, card in enumerate(cards, start=1)],
        "centre": 0.0,
        "thresholds": _thresholds(cards),
        "metrics": {},
    }
    domain = domain_of(cards[0], sequences, folds)
    save_final(output, files, choice, domain, same_records=False)


def _member(number: int, card: dict[str, Any], count: int) -> dict[str, Any]:
    return {
        "name": f"{card['model']}-{number}", "kind": NETWORK, "weight": 1 / count,
        "temperature": card.get("temperature"),
    }  # fmt: skip


def _thresholds(cards: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Mean thresholds of the classes for which every network has one."""
    given = [card.get("thresholds") or {} for card in cards]
    names = [name for name in given[0] if all(name in of for of in given)]
    return {name: sum(of[name] for of in given) / len(given) for name in names}
