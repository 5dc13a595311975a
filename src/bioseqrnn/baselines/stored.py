"""Arrays of a file, checked one by one as they are taken out: the file may be damaged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from bioseqrnn.support.errors import InputError

Array = npt.NDArray[Any]
Arrays = dict[str, Array]


def within(prefix: str, arrays: Mapping[str, Array]) -> Arrays:
    """Return the arrays under the names ``{prefix}.{name}``; ``Stored.within`` undoes it."""
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


class Stored:
    """Arrays by name.

    Parameters
    ----------
    arrays : mapping of str to array
    where : str
        Name of the file, at the beginning of messages.
    prefix : str
        Beginning of the names in the file, for messages.
    """

    def __init__(self, arrays: Mapping[str, Array], where: str, prefix: str = "") -> None:
        self.where = where
        self._arrays, self._prefix = dict(arrays), prefix

    def take(self, name: str, kind: type[np.generic], *shape: int | None) -> Array:
        """Take out an array.

        Parameters
        ----------
        name : str
        kind : type
            Type of its numbers.
        *shape : int or None
            Size of each dimension; None: any.

        Raises
        ------
        InputError
            The array is missing, has another type or shape, or a number in it is not finite.
        """
        array = self._arrays.pop(name, None)
        called = f"array '{self._prefix}{name}'"
        if array is None:
            self.refuse(f"{called} is missing")
        fits = len(array.shape) == len(shape) and all(
            wanted in (None, size) for size, wanted in zip(array.shape, shape, strict=True)
        )
        if array.dtype != kind or not fits:
            sizes = ["any" if size is None else str(size) for size in shape]
            need = f"[{', '.join(sizes)}] {np.dtype(kind)}"
            self.refuse(f"{called} is {list(array.shape)} {array.dtype}, not {need}")
        if not np.isfinite(array).all():
            self.refuse(f"{called} has numbers that are not finite")
        return np.ascontiguousarray(array)

    def has(self, name: str) -> bool:
        """Whether there is an array of this name that was not taken out."""
        return name in self._arrays

    def within(self, prefix: str) -> Stored:
        """Take out all arrays under the names ``{prefix}.{name}``."""
        begin = f"{prefix}."
        names = [name for name in self._arrays if name.startswith(begin)]
        inner = {name.removeprefix(begin): self._arrays.pop(name) for name in names}
        return Stored(inner, self.where, self._prefix + begin)

    def rest(self) -> Arrays:
        """Take out all arrays that are left, unchecked."""
        rest, self._arrays = self._arrays, {}
        return rest

    def finish(self) -> None:
        """Raise InputError if an array was not taken out: a model would do without it."""
        if self._arrays:
            self.refuse(f"array '{self._prefix}{min(self._arrays)}' is none that its card asks for")

    def refuse(self, why: str) -> NoReturn:
        """Raise InputError."""
        raise InputError(f"{self.where}: {why}; the file is damaged, make it again")
