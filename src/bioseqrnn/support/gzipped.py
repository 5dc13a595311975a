"""Gzipped text with the same bytes on every run."""

from __future__ import annotations

import gzip
import io
from contextlib import ExitStack
from pathlib import Path
from typing import cast


def gzip_text(path: Path, files: ExitStack) -> io.TextIOWrapper:
    """Open gzip text whose bytes depend only on its content (no name and time in the header)."""
    raw = files.enter_context(path.open("wb"))
    zipped = files.enter_context(gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0))
    return files.enter_context(io.TextIOWrapper(zipped, encoding="utf-8", newline="\n"))


def finish_text(text: io.TextIOWrapper) -> None:
    """End a text that ``gzip_text`` opened: its file is then complete, and can be read."""
    raw = cast("io.BufferedWriter", cast("gzip.GzipFile", text.buffer).fileobj)
    text.close()
    raw.flush()
