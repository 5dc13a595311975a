"""Output while a command runs: a progress bar on a terminal, plain lines in a log.

Names from files may contain control sequences of terminals: all output is escaped (``shown``).
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

SECONDS_BETWEEN_LINES = 10.0
_speaks = True


def speak_only_if(speaks: bool) -> None:
    """Turn messages on or off: if several processes do the same work, only one prints them."""
    global _speaks
    _speaks = speaks


def shown(text: str) -> str:
    r"""Return a text with visible characters only: others become ``\x1b``, ``\n``, ``\u202e``.

    Control characters move the cursor, change colours, and can make a terminal execute commands.
    Characters that set the direction, or have no width, let a name look like another one.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def say(message: str) -> None:
    """Print one line on standard error at once; invisible characters are escaped."""
    if not _speaks:
        return
    sys.stderr.write(f"{shown(message)}\n")
    sys.stderr.flush()


class Guarded:
    """A text stream that escapes invisible characters except line ends and tabs.

    It is used for text from other sources: tracebacks, warnings of libraries, log records.
    """

    def __init__(self, stream: TextIO) -> None:
        self.unguarded = stream

    def write(self, text: str) -> int:
        """Write the text, escaped."""
        parts = text.split("\n")
        self.unguarded.write("\n".join("\t".join(map(shown, p.split("\t"))) for p in parts))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write every line, escaped."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.unguarded, name)


def guard_streams() -> None:
    """From now on, escape all text that this process writes, and print warnings as one line."""
    sys.stderr = Guarded(sys.stderr)
    if hasattr(sys.stdout, "reconfigure"):
        # the help contains characters that an old terminal cannot show
        sys.stdout.reconfigure(errors="backslashreplace")
    warnings.showwarning = _say_warning


def _say_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    say(f"warning: {' '.join(str(message).split())} ({category.__name__})")


class Progress:
    """Counts units of work; in a log it prints at most one line every ten seconds."""

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
    """The same on a terminal, as a progress bar of Rich."""

    def __init__(self, what: str, unit: str, total: int | None) -> None:
        super().__init__(what, unit, total)
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        # markup=False: brackets in a name are not markup of Rich
        self._rich = RichProgress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(unit, markup=False),
            TimeRemainingColumn(),
            # the bar is drawn with characters that the guard would escape
            console=Console(file=getattr(sys.stderr, "unguarded", sys.stderr)),
        )
        self._task = self._rich.add_task(shown(what), total=total)
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
