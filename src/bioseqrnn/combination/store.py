"""``final/model.safetensors``: all members of the final model, written and read.

The arrays of a member are those of its own file, under ``{member}/``. Nothing is executed when a
file is read: the members are rebuilt from plain arrays and checked cards.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.numpy import save

from bioseqrnn.baselines.methods import form_of
from bioseqrnn.baselines.store import build_baseline
from bioseqrnn.combination.card import FORMAT, OF_RECORDS, SHARED, FinalCard
from bioseqrnn.combination.model import BaselineScorer, CombinedScorer
from bioseqrnn.domain.card import DomainCard
from bioseqrnn.domain.fit import FittedDomain
from bioseqrnn.domain.judge import Domain
from bioseqrnn.domain.words import MOST_BYTES
from bioseqrnn.inference.records import NetworkScorer, Scorer
from bioseqrnn.metrics.combination import Combination
from bioseqrnn.networks.card import (
    CARD_KEY,
    MEMBERS,
    check_card,
    package_versions,
    raw_card,
    read_card,
    refuse_permuted,
    require_format,
)
from bioseqrnn.networks.store import build_network, load_model
from bioseqrnn.onehot.alphabet import ALPHABETS
from bioseqrnn.support.atomic import atomic_path
from bioseqrnn.support.checked import checked
from bioseqrnn.support.errors import InputError
from bioseqrnn.tasks import task_of

NETWORK = "network"
# name of the array with the known words of a domain; no name of a member contains a colon
DOMAIN_WORDS = "domain:words"


def save_final(
    path: Path,
    files: Sequence[Path],
    choice: dict[str, Any],
    domain: FittedDomain | None = None,
    *,
    same_records: bool = True,
) -> None:
    """Put the files of all members together in one file.

    Parameters
    ----------
    path : Path
        ``model.safetensors`` to write.
    files : sequence of Path
        File of each network and baseline of ``choice["members"]``, in this order.
    choice : dict
        ``name``, ``members`` (``name``, ``kind``, ``weight``, ``temperature``), ``centre``,
        ``temperature``, ``thresholds``, ``metrics``, ``conformal``: the entry ``final`` of
        ``selected.json``, with thresholds that are in the range of the scores of this model.
    domain : FittedDomain, optional
        What the training records are like.
    same_records : bool
        Whether all members must have been trained on the same records, not only on records of the
        same table.

    Raises
    ------
    InputError
        The members were trained on different records or tables, or one on permuted labels.
    """
    tensors: dict[str, Any] = {}
    cards = [raw_card(file) for file in files]
    first = _shared(files, cards, same_records)
    members = []
    for file, member, card in zip(files, choice[MEMBERS], cards, strict=True):
        with safe_open(file, framework="numpy") as own:
            for name in own.keys():  # noqa: SIM118
                tensors[f"{member['name']}/{name}"] = np.ascontiguousarray(own.get_tensor(name))
        members.append({**member, "card": card})
    card = {
        "format": FORMAT, "model": choice["name"], MEMBERS: members, "centre": choice["centre"],
        "versions": package_versions(),
        **first,
        **{key: choice.get(key) for key in ("temperature", "thresholds", "metrics", "conformal")},
    }  # fmt: skip
    if domain is not None:
        card["domain"] = domain.card
        tensors[DOMAIN_WORDS] = domain.words
    checked(FinalCard, card, f"model {path}: card")
    with atomic_path(path) as temporary:
        temporary.write_bytes(save(tensors, {CARD_KEY: json.dumps(card, sort_keys=True)}))


def _shared(
    files: Sequence[Path], cards: Sequence[dict[str, Any]], same_records: bool
) -> dict[str, Any]:
    """Fields that all cards share; of different records of one table, the largest numbers."""
    first = cards[0]
    for file, card in zip(files, cards, strict=True):
        refuse_permuted(card, file)
        for key in SHARED:
            if card.get(key) != first.get(key) and (same_records or key not in OF_RECORDS):
                raise InputError(
                    f"{file}: {key} differs from that of {files[0]}; the members of a model must "
                    "be trained on the same records, so make both again"
                )
    shared = {key: first[key] for key in SHARED if key in first}
    if all(card.get("trained_on") is not None for card in cards):
        shared["trained_on"] = max(card["trained_on"] for card in cards)
    if all(card.get("trained_lengths") is not None for card in cards):
        ends = [card["trained_lengths"] for card in cards]
        shared["trained_lengths"] = [min(low for low, _ in ends), max(high for _, high in ends)]
    return shared


def load_final(
    path: Path, device: torch.device, *, only: str | None = None, every: bool = False
) -> tuple[Scorer, dict[str, Any]]:
    """Read a model of any kind: a final model, or a single network.

    Parameters
    ----------
    path : Path
    device : torch.device
        For networks.
    only : str, optional
        Name of a member that predicts alone, with its own temperature; classes are then called by
        the highest probability.
    every : bool
        Whether members of weight 0 are computed too.

    Returns
    -------
    scorer : Scorer
    card : dict
        Its ``temperature`` is that of the scores of the scorer.

    Raises
    ------
    InputError
        The file is no such model or is damaged, the member does not exist, or a network was
        trained on permuted labels.
    """
    raw = raw_card(path)
    if MEMBERS not in raw:
        card = read_card(path)
        refuse_permuted(card, path)
        if only not in (None, card["model"]):
            raise InputError(f"model {path}: has no member '{only}'; it is {card['model']} alone")
        network, card = load_model(path, device)
        return NetworkScorer(network, ALPHABETS[card["alphabet"]], device), card
    require_format(raw, FORMAT, path)
    card = raw
    known = checked(FinalCard, card, f"model {path}: card")
    names = [member.name for member in known.members]
    if only is not None and only not in names:
        raise InputError(f"model {path}: has no member '{only}'; it has {', '.join(names)}")
    wanted = [m for m in card[MEMBERS] if only in (None, m["name"])]
    with safe_open(path, framework="pt") as torch_file, safe_open(path, framework="numpy") as file:
        _check_names(path, [*names, DOMAIN_WORDS], file.keys())
        members = {
            member["name"]: _member(path, member, torch_file, file, device) for member in wanted
        }
    task = task_of(card["task"])
    for name, scorer in members.items():
        if scorer.task.name != task.name:
            raise InputError(f"model {path}: member '{name}' is of task {scorer.task.name}")
    temperatures = {m["name"]: m["temperature"] or 1.0 for m in wanted}
    if only is not None:
        combination = Combination(np.ones(1), card["centre"])
        card = card | {"model": only, "temperature": None, "thresholds": {}, "metrics": {}}
        # limits of prediction sets belong to the scores of the whole model
        card["conformal"] = None
    else:
        combination = Combination(np.array([m["weight"] for m in wanted]), card["centre"])
    return CombinedScorer(task, members, temperatures, combination, every), card


def load_domain(path: Path, card: dict[str, Any]) -> Domain | None:
    """Read what the training records of a model are like; None if its file does not say it.

    Raises
    ------
    InputError
        The known words do not fit the card.
    """
    if card.get("domain") is None:
        return None
    known, alphabet = DomainCard.model_validate(card["domain"]), ALPHABETS[card["alphabet"]]
    size = 1 if known.words is None else known.words.size
    with safe_open(path, framework="numpy") as file:
        found = file.get_slice(DOMAIN_WORDS) if DOMAIN_WORDS in file.keys() else None  # noqa: SIM118
        form = None if found is None else (found.get_shape(), found.get_dtype())
        wanted = (-(-(alphabet.width**size) // 8),)
        if form is None or (tuple(form[0]), form[1]) != (wanted, "U8") or wanted[0] > MOST_BYTES:
            raise InputError(
                f"model {path}: its known words do not fit its card; train or copy it again"
            )
        bits = file.get_tensor(DOMAIN_WORDS)
    return Domain(known, bits, alphabet, card["strands"] == "both")


def _check_names(path: Path, members: list[str], tensors: Sequence[str]) -> None:
    strange = [name for name in tensors if name.partition("/")[0] not in members]
    if strange:
        raise InputError(f"model {path}: contains weights '{strange[0]}' of no member in its card")


def _member(
    path: Path, member: dict[str, Any], torch_file: Any, file: Any, device: torch.device
) -> Scorer:
    card, prefix = member["card"], f"{member['name']}/"
    where = Path(f"{path} ({member['name']})")
    if member["kind"] == NETWORK:
        check_card(card, where)
        refuse_permuted(card, where)
        network = build_network(_Prefixed(torch_file, prefix), card, where, device)
        return NetworkScorer(network, ALPHABETS[card["alphabet"]], device)
    own = _Prefixed(file, prefix)
    arrays = {name: own.get_tensor(name) for name in own.keys()}  # noqa: SIM118
    fitted = build_baseline(arrays, card, f"model {where}")
    alphabet = ALPHABETS[card["alphabet"]]
    form = form_of(task_of(card["task"]), card["classes"], alphabet, card["strands"])
    return BaselineScorer(fitted, form)


@dataclass(frozen=True)
class _Prefixed:
    """The tensors of one member, by the names of its own file."""

    file: Any
    prefix: str

    def keys(self) -> list[str]:
        return [name.removeprefix(self.prefix) for name in self._own()]

    def _own(self) -> Iterator[str]:
        return (name for name in self.file.keys() if name.startswith(self.prefix))  # noqa: SIM118

    def get_slice(self, name: str) -> Any:
        return self.file.get_slice(self.prefix + name)

    def get_tensor(self, name: str) -> Any:
        return self.file.get_tensor(self.prefix + name)
