"""Section A: FASTA to sequences.parquet on one core, beside other ways to one-hot."""

from __future__ import annotations

import functools
from pathlib import Path

from .inputs import CASES, Case, megabytes
from .measure import Options, interleaved, table
from .ways import OURS, PEERS, PLAIN, REFERENCE, Way

WARM_RECORDS = 8
NOT_INSTALLED = "not installed"
Times = dict[str, str | float]


def warm(way: Way, fastas: list[Path], folder: Path, alphabet: str) -> bool:
    """Call once, untimed, so that what compiles has compiled; False where it is not installed."""
    try:
        way.run(fastas, folder, alphabet)
    except ImportError:
        if way not in PEERS:
            raise
        return False
    return True


def _run(way: Way, fastas: list[Path], folder: Path, alphabet: str, records: int) -> None:
    found = way.run(fastas, folder, alphabet)
    if found != records:
        raise SystemExit(f"{way.name}: {found} records encoded of {records}")


def measure(case: Case, ways: list[Way], options: Options, folder: Path) -> tuple[float, Times]:
    """Return the case's size in MB, and seconds of each way or why there are none."""
    records = case.records(options.megabytes)
    few = min(records, case.records(options.sample_megabytes))
    whole = case.write_pair(folder / "whole", records)
    sample = case.write_pair(folder / "sample", few)
    tiny = case.write_pair(folder / "tiny", WARM_RECORDS)
    times: Times = {}
    runs = {}
    for way in ways:
        if not way.suits(case):
            times[way.name] = "–"
        elif not warm(way, tiny, folder, case.alphabet):
            times[way.name] = NOT_INSTALLED
        else:
            files, count = (sample, few) if way.sampled else (whole, records)
            runs[way.name] = functools.partial(_run, way, files, folder, case.alphabet, count)
    medians = interleaved(runs, options.repeats)
    scaled = {way.name for way in ways if way.sampled}
    times |= {n: s * records / few if n in scaled else s for n, s in medians.items()}
    size = megabytes(whole)
    for path in whole + sample + tiny:
        path.unlink()
    return size, times


def _cell(way: Way, times: Times, sampled: bool) -> str:
    """Seconds, and how many times bioseqrnn's they are."""
    value, ours = times[way.name], times[OURS.name]
    if isinstance(value, str) or isinstance(ours, str):
        return str(value)
    about = "~" if way.sampled and sampled else ""
    return f"{about}{value:.3g} ({value / ours:.1f} ×)"


def _row(case: Case, size: float, times: Times, sampled: bool) -> list[str]:
    bare, ours = float(times[REFERENCE.name]), float(times[OURS.name])
    row = [case.name, f"{size:.0f}", f"{bare:.3g}", f"{ours:.3g}", f"{100 * bare / ours:.0f} %"]
    return row + [_cell(way, times, sampled) for way in PLAIN]


def section(options: Options, folder: Path) -> None:
    """Print both tables."""
    ours, others = [], []
    sampled = options.sample_megabytes < options.megabytes
    for case in CASES:
        ways = [REFERENCE, OURS, *PLAIN, *PEERS]
        size, times = measure(case, ways, options, folder / str(len(ours)))
        ours.append(_row(case, size, times, sampled))
        others.append([case.name, f"{size:.0f}", *(_cell(way, times, sampled) for way in PEERS)])
    notes = [f"{way.name}: {way.note}" for way in (REFERENCE, OURS, *PLAIN)]
    scale = f"~: measured on {options.sample_megabytes:g} MB and scaled up by records"
    head = ["records", "MB"]
    columns = ["bare parser s", "bioseqrnn s", "of the parser's speed (target ≥ 60 %)"]
    columns += [f"{way.name} s (× bioseqrnn's; target ≥ 8)" for way in PLAIN]
    title = f"FASTA to one-hot, one core, medians of {options.repeats}"
    print(table(title, head + columns, ours, [*notes, scale]), flush=True)
    notes = [f"{way.name}: {way.note}" for way in PEERS]
    columns = [f"{way.name} s (× bioseqrnn's)" for way in PEERS]
    print(table(f"{title}: other packages", head + columns, others, [*notes, scale]), flush=True)
