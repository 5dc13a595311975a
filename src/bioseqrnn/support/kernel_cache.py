"""Machine code of kernels on disk, for any number of processes at once.

Numba keeps an index file a function, which two processes that compile at the same time can both
write: the later one wins, and may name the machine code of the other one's types. It also looks
only at the file that a function stands in, not at those of the kernels it calls. Here every
compiled version is a file of its own, named by all it depends on and moved into place whole.
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

# of the name of a file: enough of a SHA-256 to tell versions apart
DIGITS = 16


class KernelFiles:
    """The compiled versions of one function; what Numba's caches ask of their files."""

    def __init__(self, folder: Path, name: str, stamp: str) -> None:
        self._folder, self._name, self._stamp = folder, name, stamp

    def load(self, key: object) -> Any:
        """Return what was saved under a key, or None."""
        try:
            content = self._path(key).read_bytes()
        except OSError:
            return None
        digest, data = content[:32], content[32:]
        # a file system that loses power may hold a name without its bytes
        if hashlib.sha256(data).digest() != digest:
            return None
        # Numba's own format, in a folder of the user
        return pickle.loads(data)  # nosec B301

    def save(self, key: object, data: object) -> None:
        """Keep something under a key; a cache that cannot be written is no error."""
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
        """Remove the versions of other sources, which nothing reads any more."""
        for path in self._folder.glob(f"{self._name}.*.nbc"):
            if not path.name.startswith(f"{self._name}.{self._stamp}."):
                path.unlink(missing_ok=True)


class KernelCache(FunctionCache):  # type: ignore[misc]
    """Numba's cache of a function, with files of ours."""

    def __init__(self, function: Callable[..., object]) -> None:
        super().__init__(function)
        file = Path(function.__code__.co_filename).resolve()
        self._cache_file = KernelFiles(
            Path(self._impl.locator.get_cache_path()), self._impl.filename_base, stamp_of(file)
        )


@cache
def stamp_of(file: Path) -> str:
    """Return a digest of Numba's version, and of a source file and all that it imports.

    Kernels call kernels of imported modules, so that this is all their machine code depends on
    but for the types and the processor, which are in the key.
    """
    content = f"{numba.__version__}\0{digest_of(file)}"
    return hashlib.sha256(content.encode()).hexdigest()[:DIGITS]
