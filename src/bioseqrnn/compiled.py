"""Numba, with types and settings that are the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

Function = TypeVar("Function", bound=Callable[..., object])
Array = TypeVar("Array", bound=npt.NDArray[np.generic])


def compiled(function: Function) -> Function:
    """Compile a function on its first call, and keep the machine code on disk.

    The cache lies beside the source, or in the user's cache folder where that cannot be written
    (``NUMBA_CACHE_DIR`` says otherwise). Where there is no place at all, as in a read-only
    container without a home, every process compiles anew.
    """
    try:
        return cast(Function, numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:
        return cast(Function, numba.njit(nogil=True)(function))


def frozen(array: Array) -> Array:
    """Return a read-only view of an array.

    Numba compiles a function anew for arrays that can be written; one kind is enough.
    """
    view = array[...]
    view.flags.writeable = False
    return cast(Array, view)
