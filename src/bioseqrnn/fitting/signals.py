"""Signals that ask to stop: a batch system sends them before a time limit or a preemption."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

STOP = (signal.SIGTERM, signal.SIGUSR1)


class StopSignals:
    """Records SIGTERM and SIGUSR1 while the block runs; afterwards the old handlers are restored.

    Python runs handlers only in the main thread: in any other thread no signal is recorded.

    Attributes
    ----------
    received : signal.Signals or None
        The last signal received.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in STOP}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.received = signal.Signals(number)
