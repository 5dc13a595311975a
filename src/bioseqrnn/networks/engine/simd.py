"""Vectors of numbers as values in Numba code, so that no loop depends on the auto-vectoriser.

``load(array, i)`` reads as many numbers as the widest register of the processor holds, ``+ - * /``
act on all of them at once, and ``store`` writes them back. Multiplications and additions may be
fused, but nothing else is relaxed: NaN stays NaN and sums keep their order, so results do not
depend on how the work is divided.

Nothing here is compiled at import.
"""

# mypy: disable-error-code="misc, untyped-decorator"
# (Numba's classes and decorators are untyped)

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, models, overload, register_model

FEATURES = llvmlite.binding.get_host_cpu_features()
VECTOR_BYTES = 64 if FEATURES.get("avx512f") else 32 if FEATURES.get("avx") else 16
FUSED = ("contract",)
INT32 = ir.IntType(32)


class Vector(types.Type):
    """A register full of float32 or float64 numbers."""

    def __init__(self, scalar: Any) -> None:
        self.scalar = scalar
        self.lanes = VECTOR_BYTES * 8 // scalar.bitwidth
        super().__init__(name=f"Vector({scalar} x {self.lanes})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, vector: Vector) -> None:
        super().__init__(manager, vector, llvm_vector(vector))


def llvm_vector(vector: Vector) -> ir.VectorType:
    """Return a vector's type in LLVM."""
    number = ir.FloatType() if vector.scalar is types.float32 else ir.DoubleType()
    return ir.VectorType(number, vector.lanes)


def element(context: Any, builder: Any, kind: Any, array: Any, place: Any) -> Any:
    """Return the address of an element of a one-dimensional array."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [place])


def as_vector(builder: Any, address: Any, vector: Vector) -> Any:
    """Return the address of an element as the address of a vector."""
    return builder.bitcast(address, llvm_vector(vector).as_pointer())


def spread(builder: Any, number: Any, vector: Vector) -> Any:
    """Return a vector whose numbers are all equal to one number."""
    kind = llvm_vector(vector)
    undefined = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(undefined, number, ir.Constant(INT32, 0))
    places = ir.Constant(ir.VectorType(INT32, vector.lanes), [0] * vector.lanes)
    return builder.shuffle_vector(first, undefined, places)


@intrinsic
def lanes(typing_context: Any, array: Any) -> Any:
    """Return how many numbers of an array's type a vector holds."""
    count = Vector(array.dtype).lanes

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.get_constant(types.intp, count)

    return types.intp(array), code


@intrinsic
def load(typing_context: Any, array: Any, place: Any) -> Any:
    """Return a vector read from ``array[place:]``."""
    vector = Vector(array.dtype)

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = element(context, builder, array, *arguments)
        return builder.load(as_vector(builder, address, vector), align=array.dtype.bitwidth // 8)

    return vector(array, types.intp), code


@intrinsic
def store(typing_context: Any, array: Any, place: Any, value: Any) -> Any:
    """Write a vector to ``array[place:]``."""
    vector = Vector(array.dtype)

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = element(context, builder, array, *arguments[:2])
        builder.store(
            arguments[2], as_vector(builder, address, vector), align=array.dtype.bitwidth // 8
        )
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), code


@intrinsic
def zeros(typing_context: Any, array: Any) -> Any:
    """Return a vector of zeros, of an array's type."""
    vector = Vector(array.dtype)

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return ir.Constant(llvm_vector(vector), None)

    return vector(array), code


def _operation(name: str) -> Callable[..., Any]:
    """Return the operation on two vectors, or on a vector and a number that is spread to one."""

    @intrinsic
    def apply(typing_context: Any, left: Any, right: Any) -> Any:
        vector = left if isinstance(left, Vector) else right

        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            both = []
            for kind, value in zip(signature.args, arguments, strict=True):
                if isinstance(kind, Vector):
                    both.append(value)
                else:
                    number = context.cast(builder, value, kind, vector.scalar)
                    both.append(spread(builder, number, vector))
            return getattr(builder, name)(*both, flags=FUSED)

        return vector(left, right), code

    def typed(left: Any, right: Any) -> Any:
        if isinstance(left, Vector) or isinstance(right, Vector):
            return lambda left, right: apply(left, right)
        return None

    return typed


for _operator, _name in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    overload(_operator, strict=False)(_operation(_name))


@intrinsic
def where_greater(typing_context: Any, left: Any, right: Any, value: Any, other: Any) -> Any:
    """Return ``value`` where ``left`` > ``right`` or ``left`` is NaN, else ``other``."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        first, second, taken, left_out = arguments
        greater = builder.fcmp_ordered(">", first, second)
        nan = builder.fcmp_unordered("uno", first, first)
        return builder.select(builder.or_(greater, nan), taken, left_out)

    return value(left, right, value, other), code
