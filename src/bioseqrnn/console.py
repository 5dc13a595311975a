"""What the user sees while a command runs: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

SECONDS_BETWEEN_LINES = 10.0
_speaks = True


def speak_only_if(speaks: bool) -> None:
    """Say nothing from now on unless told: of several processes that do the same one speaks."""
    global _speaks
    _speaks = speaks


def say(message: str) -> None:
    """Print one line on standard error at once."""
    if not _speaks:
        return
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


class Progress:
    """Counts units of work; on a log it prints a line at most every ten seconds."""

    def __init__(self, what: str, unit: str, total: int | None) -> None:
        self.what, self.unit, self.total = what, unit, total
        self.done = 0
        self._last_line = time.monotonic()

    def advance(self, count: int = 1) -> None:
        """Count ``count`` more units."""
        self.done += count
        now = time.monotonic()
        if now - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = now
            of_total = f" of {self.total:,}" if self.total is not None else ""
            say(f"{self.what}: {self.done:,}{of_total} {self.unit}")


class _Bar(Progress):
    """The same on a terminal, as a Rich bar."""

    def __init__(self, what: str, unit: str, total: int | None) -> None:
        super().__init__(what, unit, total)
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self._rich = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(unit),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task = self._rich.add_task(what, total=total)
        self._rich.start()

    def advance(self, count: int = 1) -> None:
        self.done += count
        self._rich.advance(self._task, count)

    def close(self) -> None:
        self._rich.stop()


@contextmanager
def progress(what: str, unit: str, total: int | None = None) -> Iterator[Progress]:
    """Show progress of ``total`` units (None: unknown) while the block runs."""
    if not _speaks or not sys.stderr.isatty():
        yield Progress(what, unit, total)
        return
    bar = _Bar(what, unit, total)
    try:
        yield bar
    finally:
        bar.close()
