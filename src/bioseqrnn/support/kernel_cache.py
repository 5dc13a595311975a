"""Cache of the machine code of kernels on disk, safe for any number of processes at once.

Numba keeps one index file per function. Two processes that compile at the same time can both write
it: the later index remains, and may name the machine code for the other process's types. Numba also
checks only the file in which a function is defined, not the files of the kernels that it calls.
Here each compiled version is a separate file, named by everything it depends on and moved into
place when it is complete. If several processes need the same version, one compiles it and the
others wait: many jobs of a workflow start at the same time, and the kernels take half a minute.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pickle
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import FunctionCache

from bioseqrnn.support.dependencies import digest_of

# digits of a SHA-256 in the name of a file: enough to distinguish versions
DIGITS = 16
# seconds that a process waits for another one to compile, which may have been stopped meanwhile
PATIENCE = 120.0
# seconds between two looks at a lock
INTERVAL = 0.05


class KernelFiles:
    """The compiled versions of one function, with the methods that Numba's caches call."""

    def __init__(self, folder: Path, name: str, stamp: str) -> None:
        self._folder, self._name, self._stamp = folder, name, stamp
        # open lock files, by the path of the version that this process compiles
        self._turns: dict[Path, int] = {}

    def load(self, key: object) -> Any:
        """Return what was saved under a key, or None."""
        try:
            content = self._path(key).read_bytes()
        except OSError:
            return None
        digest, data = content[:32], content[32:]
        # after a loss of power, a file may exist without its content
        if hashlib.sha256(data).digest() != digest:
            return None
        # this is Numba's own format, in a folder of the user
        return pickle.loads(data)  # nosec B301

    def save(self, key: object, data: object) -> None:
        """Save something under a key; it is no error if the cache cannot be written."""
        blob = pickle.dumps(data)
        with suppress(OSError):
            handle, name = tempfile.mkstemp(prefix=f"{self._name}.", dir=self._folder)
            temporary = Path(name)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(hashlib.sha256(blob).digest() + blob)
                temporary.chmod(0o644)
                temporary.replace(self._path(key))
                self._remove_others()
            finally:
                temporary.unlink(missing_ok=True)

    def begin(self, key: object) -> None:
        """Wait while another process compiles the same version; then it is this one's turn.

        The lock of a process that ends in any way is released by the system. A file system without
        locks, or one that cannot be written, is no error: every process then compiles.
        """
        path = self._path(key)
        if path in self._turns:
            return
        with suppress(OSError):
            lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            self._turns[path] = lock
            end = time.monotonic() + PATIENCE
            while time.monotonic() < end:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    time.sleep(INTERVAL)
                else:
                    return

    def end(self, key: object) -> None:
        """Let the others read what this process has saved."""
        path = self._path(key)
        if (lock := self._turns.pop(path, None)) is not None:
            path.with_suffix(".lock").unlink(missing_ok=True)
            os.close(lock)

    def flush(self) -> None:
        """Remove all versions."""
        for path in self._files():
            path.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        """Return all versions, and locks of processes that died."""
        return [p for s in ("nbc", "lock") for p in self._folder.glob(f"{self._name}.*.{s}")]

    def _path(self, key: object) -> Path:
        digest = hashlib.sha256(repr(key).encode()).hexdigest()[:DIGITS]
        return self._folder / f"{self._name}.{self._stamp}.{digest}.nbc"

    def _remove_others(self) -> None:
        """Remove the versions compiled from other sources, which are no longer read."""
        for path in self._files():
            if not path.name.startswith(f"{self._name}.{self._stamp}."):
                path.unlink(missing_ok=True)


class KernelCache(FunctionCache):  # type: ignore[misc]
    """Numba's cache of a function, with the files of ``KernelFiles``."""

    def __init__(self, function: Callable[..., object]) -> None:
        super().__init__(function)
        file = Path(function.__code__.co_filename).resolve()
        self._cache_file = KernelFiles(
            Path(self._impl.locator.get_cache_path()), self._impl.filename_base, stamp_of(file)
        )

    def load_overload(self, sig: object, target_context: Any) -> Any:
        """Return a compiled version, or None if it is this process's turn to compile it."""
        found = super().load_overload(sig, target_context)
        if found is None:
            key = self._index_key(sig, target_context.codegen())
            self._cache_file.begin(key)
            # another process may have saved it meanwhile
            found = super().load_overload(sig, target_context)
            if found is not None:
                self._cache_file.end(key)
        return found

    def save_overload(self, sig: object, data: Any) -> None:
        """Save a compiled version."""
        super().save_overload(sig, data)
        self._cache_file.end(self._index_key(sig, data.codegen))


@cache
def stamp_of(file: Path) -> str:
    """Return a digest of Numba's version, and of a source file and all that it imports.

    Kernels call kernels of imported modules. Their machine code therefore depends on all this, and
    on the types and the processor, which are part of the key.
    """
    content = f"{numba.__version__}\0{digest_of(file)}"
    return hashlib.sha256(content.encode()).hexdigest()[:DIGITS]
