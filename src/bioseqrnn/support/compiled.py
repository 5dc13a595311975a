"""Numba, with the same types and settings everywhere.

Numba is imported only when a compiled function is first called: the import takes longer than some
commands, most of which call no compiled function.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache, cached_property, update_wrapper
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

Function = TypeVar("Function", bound=Callable[..., object])
Array = TypeVar("Array", bound=npt.NDArray[np.generic])


class Kernel:
    """A function that is compiled when it is first called, from Python or by another kernel."""

    def __init__(self, function: Callable[..., object]) -> None:
        self._function = function
        update_wrapper(self, function)

    def __call__(self, *values: object) -> object:
        """Call the compiled function."""
        return self.dispatcher(*values)

    @cached_property
    def dispatcher(self) -> Any:
        """The function as Numba knows it."""
        import numba

        from bioseqrnn.support.kernel_cache import KernelCache

        _teach_numba()
        dispatcher = numba.njit(nogil=True)(self._function)
        # error: there is no place for a cache (a read-only container without a home folder); every
        # process compiles then
        with suppress(RuntimeError):
            dispatcher._cache = KernelCache(self._function)
        return dispatcher


@cache
def _teach_numba() -> None:
    """Tell Numba to use the compiled function for a kernel that another kernel calls."""
    from numba.extending import typeof_impl

    @typeof_impl.register(Kernel)  # type: ignore[untyped-decorator]
    def _type_of_kernel(kernel: Kernel, context: Any) -> Any:
        return typeof_impl(kernel.dispatcher, context)


def compiled(function: Function) -> Function:
    """Compile a function on its first call, and keep the machine code on disk.

    The cache is next to the source, or in the user's cache folder if that cannot be written
    (``NUMBA_CACHE_DIR`` sets another folder). If there is no place at all, as in a read-only
    container without a home folder, every process compiles again.
    """
    return cast(Function, Kernel(function))


def frozen(array: Array) -> Array:
    """Return a read-only view of an array.

    Numba compiles a separate version of a function for writable arrays; one version is enough.
    """
    view = array[...]
    view.flags.writeable = False
    return cast(Array, view)
