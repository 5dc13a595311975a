"""Cache of the machine code of kernels on disk, safe for any number of processes at once.

Numba keeps one index file per function. Two processes that compile at the same time can both write
it: the later index remains, and may name the machine code for the other process's types. Numba also
checks only the file in which a function is defined, not the files of the kernels that it calls.
Here each compiled version is a separate file, named by everything it depends on and moved into
place when it is complete.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import tempfile
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


class KernelFiles:
    """The compiled versions of one function, with the methods that Numba's caches call."""

    def __init__(self, folder: Path, name: str, stamp: str) -> None:
        self._folder, self._name, self._stamp = folder, name, stamp

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

    def flush(self) -> None:
        """Remove all versions."""
        for path in self._folder.glob(f"{self._name}.*.nbc"):
            path.unlink(missing_ok=True)

    def _path(self, key: object) -> Path:
        digest = hashlib.sha256(repr(key).encode()).hexdigest()[:DIGITS]
        return self._folder / f"{self._name}.{self._stamp}.{digest}.nbc"

    def _remove_others(self) -> None:
        """Remove the versions compiled from other sources, which are no longer read."""
        for path in self._folder.glob(f"{self._name}.*.nbc"):
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


@cache
def stamp_of(file: Path) -> str:
    """Return a digest of Numba's version, and of a source file and all that it imports.

    Kernels call kernels of imported modules. Their machine code therefore depends on all this, and
    on the types and the processor, which are part of the key.
    """
    content = f"{numba.__version__}\0{digest_of(file)}"
    return hashlib.sha256(content.encode()).hexdigest()[:DIGITS]
