"""Section B: FASTA parsers in a bare loop."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from .inputs import CASES, Case, megabytes
from .measure import Options, interleaved, table
from .speed import NOT_INSTALLED
from .ways import parse_only


def biopython(path: Path) -> None:
    """Titles and sequences as str."""
    parse_only([path], path, "")


def seqio(path: Path) -> None:
    """SeqRecord objects."""
    from Bio import SeqIO

    for _ in SeqIO.parse(path, "fasta"):
        pass


def dnaio(path: Path) -> None:
    """Records with str names and sequences."""
    import dnaio as package

    with package.open(path) as reader:
        for _ in reader:
            pass


def needletail(path: Path) -> None:
    """Records; its attributes are made when asked for, so both are."""
    from needletail import parse_fastx_file

    for record in parse_fastx_file(str(path)):
        _ = record.id, record.seq


def pyfastx(path: Path) -> None:
    """Tuples of str, no index."""
    import pyfastx as package

    for _ in package.Fastx(str(path)):
        pass


PARSERS: dict[str, Callable[[Path], None]] = {
    "SimpleFastaParser": biopython,
    "SeqIO.parse": seqio,
    "dnaio.open": dnaio,
    "needletail.parse_fastx_file": needletail,
    "pyfastx.Fastx": pyfastx,
}


def _row(case: Case, options: Options, folder: Path) -> list[str]:
    tiny, path = folder / "tiny.fa", folder / "a.fa"
    case.write(tiny, 2)
    case.write(path, case.records(options.megabytes))
    ways = {}
    for name, parser in PARSERS.items():
        try:
            parser(tiny)
        except ImportError:
            continue
        ways[name] = partial(parser, path)
    seconds = interleaved(ways, options.repeats)
    row = [case.name, f"{megabytes([path]):.0f}"]
    for name in PARSERS:
        if name in seconds:
            ratio = seconds["SimpleFastaParser"] / seconds[name]
            row.append(f"{seconds[name]:.3f} ({ratio:.1f} ×)")
        else:
            row.append(NOT_INSTALLED)
    return row


def section(options: Options, folder: Path) -> None:
    """Print the table."""
    rows = [_row(case, options, folder) for case in CASES]
    header = ["records", "MB", *(f"{name} s" for name in PARSERS)]
    title = f"FASTA parsers, bare loop, one core, medians of {options.repeats}"
    notes = ["×: how many times as fast as Biopython's SimpleFastaParser"]
    print(table(title, header, rows, notes), flush=True)
