"""Known motifs, with which those that were found are compared: files, and JASPAR."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from bioseqrnn.motifs.motif_files import DNA, OtherAlphabetError, read_motifs
from bioseqrnn.motifs.tomtom import Entry
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError


def known_motifs(files: Iterable[Path], jaspar: str | None, symbols: str) -> list[Entry]:
    """Read files of motifs and, for DNA, JASPAR; files of another alphabet are left out.

    Raises
    ------
    InputError
        A file is invalid, pyjaspar is not installed, or it does not have the release.
    """
    entries = []
    for path in files:
        try:
            entries += read_motifs(path, symbols)
        except OtherAlphabetError as other:
            say(f"not compared with {path}: {other.alphabet} is not the alphabet of the dataset")
    if jaspar is not None and symbols == DNA:
        entries += jaspar_motifs(jaspar)
    return entries


def jaspar_motifs(release: str) -> list[Entry]:
    """Read the CORE collection of a release, like ``2026`` or ``2026:vertebrates``."""
    year, _, group = release.partition(":")
    if not re.fullmatch(r"20\d\d", year):
        raise InputError(f"JASPAR '{release}': must be a year and a group, like 2026:vertebrates")
    try:
        from pyjaspar import jaspardb
    except ImportError as error:
        raise InputError(
            f"JASPAR {release}: pyjaspar is not installed; install it with pip install "
            "'bioseqrnn[jaspar]', or give a file of motifs"
        ) from error
    try:
        database = jaspardb(release=f"JASPAR{year}")
        found = database.fetch_motifs(collection="CORE", tax_group=[group] if group else None)
    # what pyjaspar raises for a release that it does not have
    except (AttributeError, ValueError) as error:
        raise InputError(
            f"JASPAR {release}: the installed pyjaspar has no release {year}"
        ) from error
    if not found:
        raise InputError(f"JASPAR {release}: it has no motifs of the group '{group}'")
    entries = []
    for motif in found:
        counts = np.array([motif.counts[base] for base in DNA], np.float64).T
        shares = counts / counts.sum(axis=1, keepdims=True)
        entries.append(Entry(motif.matrix_id, motif.name, shares))
    return sorted(entries, key=lambda entry: entry.identifier)
