"""The job ``memory``: states and gates of a network along chosen records."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from bioseqrnn.combination.model import CombinedScorer
from bioseqrnn.combination.store import load_final
from bioseqrnn.inference.records import NetworkScorer
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.traces import Trace, residues_per_step, traces
from bioseqrnn.stages.inspection.chosen import Record, chosen_records, counted
from bioseqrnn.stages.inspection.figure import Mark, draw_memory
from bioseqrnn.support.atomic import atomic_path, together
from bioseqrnn.support.console import progress, say
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.gzipped import gzip_text
from bioseqrnn.support.io import append_tsv
from bioseqrnn.support.paths import check_outputs
from bioseqrnn.tables.declared.explanation import OCCURRENCES
from bioseqrnn.tables.declared.inspection import MEMORY

# ending of the figures, beside which ``mutate`` can write its own
ENDING = ".memory.svg"


def trace_memory(
    model: Path,
    fasta: Path,
    output: Path,
    *,
    records: Sequence[str],
    motifs: Path | None,
    only: str | None,
    longest: int,
    threads: int,
) -> None:
    """Write states and gates along chosen records, as a table and as figures.

    Parameters
    ----------
    model : Path
        ``model.safetensors``: a network, or a combination that has one.
    fasta : Path
    output : Path
        Folder for ``memory.tsv.gz`` and ``{record}.memory.svg``.
    records : sequence of str
        Ids of the records; none: the first 10 of the file.
    motifs : Path, optional
        ``occurrences.tsv.gz``: occurrences in these records are marked.
    only : str, optional
        The network of a combination that has several.
    longest : int
        Most residues of a record.
    threads : int
        CPU threads.

    Raises
    ------
    InputError
        The model has no network, a record does not exist or is too long, or a file is invalid.
    """
    torch.set_num_threads(threads)
    network, card = _network(model, only)
    chosen = chosen_records(fasta, card, records, longest)
    for record in chosen:
        if network.window is not None and len(record) > network.window:
            raise InputError(
                f"{fasta}: record '{record.name}' has {len(record):,} residues, but the network "
                f"reads windows of {network.window:,}; cut it"
            )
    figures = [output / f"{record.file}{ENDING}" for record in chosen]
    inputs = [("FASTA", fasta), ("MODEL", model)]
    inputs += [] if motifs is None else [("--motifs", motifs)]
    check_outputs(inputs, [("--output", figure) for figure in figures])
    marks = _marks(motifs, [record.name for record in chosen])
    say(f"{card['model']}: {_about(network)}")
    step = residues_per_step(network)
    with together(), ExitStack() as files:
        table = gzip_text(files.enter_context(atomic_path(output / MEMORY.file)), files)
        bar = files.enter_context(progress(f"memory {fasta.name}", "records", len(chosen)))
        for number, (record, figure) in enumerate(zip(chosen, figures, strict=True)):
            found = traces(network, record.x)
            frame = memory_frame(record, found, step)
            if number == 0:
                table.write("\t".join(frame.columns) + "\n")
            append_tsv(table, frame)
            draw_memory(record, found, step, marks.get(record.name, []), figure)
            bar.advance()
    say(f"states and gates of {counted(chosen)} in {output / MEMORY.file}")


def memory_frame(record: Record, found: list[Trace], step: int) -> pd.DataFrame:
    """Return the rows of ``memory.tsv.gz`` for one record."""
    parts = []
    for trace in found:
        for signal, values in {**trace.gates, **trace.states}.items():
            first = np.arange(len(values)) * step + 1
            about = {
                "id": record.name, "layer": trace.layer, "direction": trace.direction,
                "signal": signal, "position": first,
                "last": np.minimum(first + step - 1, len(record)), "mean": values.mean(axis=1),
            }  # fmt: skip
            units = {f"unit_{n}": column for n, column in enumerate(values.T, 1)}
            parts.append(pd.DataFrame(about | units))
    return pd.concat(parts, ignore_index=True)


def _network(path: Path, only: str | None) -> tuple[SequenceClassifier, dict[str, Any]]:
    """Read the network of a model, in double precision, and its card."""
    scorer, card = load_final(path, torch.device("cpu"), only=only)
    members = {card["model"]: scorer}
    if isinstance(scorer, CombinedScorer):
        members = scorer.members
    networks = {n: m for n, m in members.items() if isinstance(m, NetworkScorer)}
    if not networks:
        raise InputError(
            f"model {path}: {', '.join(members)} has no states; give a model with a network"
        )
    if len(networks) > 1:
        raise InputError(
            f"model {path}: has several networks ({', '.join(networks)}); choose one with --with"
        )
    ((name, found),) = networks.items()
    return found.network.double(), card | {"model": name}


def _about(network: SequenceClassifier) -> str:
    """What of a network is looked at, in words."""
    parts = [f"{network.recurrent.hidden_size} units of a {network.recurrent.cell}"]
    parts += ["first member of the ensemble"] if network.size > 1 else []
    parts += ["given strand"] if network.both_strands else []
    return ", ".join(parts)


def _marks(path: Path | None, names: Sequence[str]) -> dict[str, list[Mark]]:
    """Occurrences of motifs in the records, by id."""
    found: dict[str, list[Mark]] = {}
    if path is None:
        return found
    frame = OCCURRENCES.read_where(path, "id", names)
    columns = (frame[name].tolist() for name in ("id", "motif", "strand", "start", "end"))
    for name, motif, strand, start, end in zip(*columns, strict=True):
        label = f"{motif} {strand}".rstrip(" .")
        found.setdefault(name, []).append(Mark(label, start, end))
    if not found:
        say(f"{path}: has no occurrence in these records")
    return found
