"""Vectors of numbers as values in Numba code, so that no loop depends on the auto-vectoriser.

``load(array, i)`` gives as many numbers as the widest register of the processor holds; ``+ - *``
and ``ratio`` work on all of them at once; ``store`` writes them back. Multiplications and additions
may be fused, nothing else is relaxed: NaN stays NaN, sums keep their order, so results do not
depend on how work is cut up.

Nothing here is compiled at import; LLVM has no say in whether a loop becomes vector code.
"""

# mypy: disable-error-code="misc, untyped-decorator"
# (Numba's classes and decorators are untyped)

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba.core import cgutils, types, typing
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
    """Return an element's address as that of a vector."""
    return builder.bitcast(address, llvm_vector(vector).as_pointer())


def spread(builder: Any, number: Any, vector: Vector) -> Any:
    """Return a vector of one number, many times."""
    kind = llvm_vector(vector)
    undefined = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(undefined, number, ir.Constant(INT32, 0))
    places = ir.Constant(ir.VectorType(INT32, vector.lanes), [0] * vector.lanes)
    return builder.shuffle_vector(first, undefined, places)


@intrinsic
def lanes(typing_context: Any, array: Any) -> Any:
    """How many numbers of an array's type a vector holds."""
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
    """Return vector ∘ vector, and vector ∘ number, where the number is spread."""

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
def clamp(typing_context: Any, value: Any, limit: Any) -> Any:
    """Return a vector with every number moved into -limit to limit; NaN stays NaN."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number = context.cast(builder, arguments[1], limit, value.scalar)
        high = spread(builder, number, value)
        low = spread(builder, builder.fneg(number), value)
        clamped = arguments[0]
        above = builder.fcmp_ordered(">", clamped, high)
        clamped = builder.select(above, high, clamped)
        below = builder.fcmp_ordered("<", clamped, low)
        return builder.select(below, low, clamped)

    return value(value, limit), code


@intrinsic
def where_greater(typing_context: Any, left: Any, right: Any, value: Any, other: Any) -> Any:
    """Return ``value`` where ``left`` > ``right`` or ``left`` is NaN, else ``other``."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        first, second, taken, left_out = arguments
        greater = builder.fcmp_ordered(">", first, second)
        nan = builder.fcmp_unordered("uno", first, first)
        return builder.select(builder.or_(greater, nan), taken, left_out)

    return value(left, right, value, other), code


@intrinsic
def saturate(typing_context: Any, value: Any, at: Any, limit: Any) -> Any:
    """Return 1 where ``at`` > limit, -1 where ``at`` < -limit, else ``value``."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number = context.cast(builder, arguments[2], limit, value.scalar)
        one = ir.Constant(llvm_vector(value).element, 1.0)
        high = spread(builder, number, value)
        low = spread(builder, builder.fneg(number), value)
        above = builder.fcmp_ordered(">", arguments[1], high)
        out = builder.select(above, spread(builder, one, value), arguments[0])
        below = builder.fcmp_ordered("<", arguments[1], low)
        return builder.select(below, spread(builder, builder.fneg(one), value), out)

    return value(value, value, limit), code


@intrinsic
def positive(typing_context: Any, value: Any, other: Any) -> Any:
    """Return ``value`` where ``other`` > 0 (or NaN), else 0."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        zero = ir.Constant(llvm_vector(value), None)
        below = builder.fcmp_ordered("<=", arguments[1], zero)
        return builder.select(below, zero, arguments[0])

    return value(value, other), code


@intrinsic
def _tanh_each(typing_context: Any, value: Any) -> Any:
    """Return the C library's tanh of each number."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        tanh = context.get_function(math.tanh, typing.signature(value.scalar, value.scalar))
        out = ir.Constant(llvm_vector(value), ir.Undefined)
        for lane in range(value.lanes):
            place = ir.Constant(INT32, lane)
            number = tanh(builder, [builder.extract_element(arguments[0], place)])
            out = builder.insert_element(out, number, place)
        return out

    return value(value), code


def tanh(x: Any) -> Any:
    """Return tanh of a vector, within 4e-7 for float32 and to the last digits for float64.

    For float32 the rational approximation of degrees 13 and 6 that Eigen and TensorFlow use: a
    vector library would be a further dependency, and the C library's goes number by number. From
    9 on, where the nearest number to tanh is 1, it is 1: a unit that is saturated has no gradient.
    """
    raise NotImplementedError  # only in compiled code


@overload(tanh, strict=False)
def _tanh(x: Any) -> Any:
    if x.scalar is types.float64:
        return lambda x: _tanh_each(x)

    def rational(given: Any) -> Any:
        x = clamp(given, 7.90531110763549805)
        y = x * x
        p = y * -2.76076847742355e-16 + 2.00018790482477e-13
        p = p * y + -8.60467152213735e-11
        p = p * y + 5.12229709037114e-08
        p = p * y + 1.48572235717979e-05
        p = p * y + 6.37261928875436e-04
        p = p * y + 4.89352455891786e-03
        q = y * 1.19825839466702e-06 + 1.18534705686654e-04
        q = q * y + 2.26843463243900e-03
        q = q * y + 4.89352518554385e-03
        return saturate(x * p / q, given, 9.0)

    return rational


def sigmoid(x: Any) -> Any:
    """Return 1 / (1 + exp(-x)) of a vector, as (1 + tanh(x / 2)) / 2."""
    raise NotImplementedError  # only in compiled code


@overload(sigmoid, strict=False)
def _sigmoid(x: Any) -> Any:
    return lambda x: tanh(x * 0.5) * 0.5 + 0.5


@intrinsic(prefer_literal=True)
def add_block(
    typing_context: Any,
    rows: Any, vectors: Any,
    begin: Any, starts: Any, first: Any, shift: Any,
    a: Any, a0: Any, a_row: Any, a_step: Any,
    b: Any, b0: Any, b_step: Any,
    c: Any, c0: Any, c_row: Any,
    depth: Any,
) -> Any:  # fmt: skip
    """C = begin + A B for a block of C that stays in registers: the inner loop of a product.

    Parameters
    ----------
    rows, vectors : int
        Size of the block, known when compiled: ``rows`` × (``vectors`` × lanes) numbers of C.
    begin, a, b, c : flat arrays
        A[i, k] stands at ``a0 + i a_row + k a_step``, B[k, j] at ``b0 + k b_step + j``, C[i, j] at
        ``c0 + i c_row + j``, and what it begins with at ``starts[first + i] + shift + j``.
    starts : int64 array
    depth : int
        k runs to here.

    Every number of C is summed over k in order, whatever the size of the block.
    """
    vector, shape = Vector(c.dtype), (rows.literal_value, vectors.literal_value)
    align = c.dtype.bitwidth // 8
    arguments = (
        *(rows, vectors, begin, starts, types.intp, types.intp),
        *(a, types.intp, types.intp, types.intp),
        *(b, types.intp, types.intp),
        *(c, types.intp, types.intp, types.intp),
    )

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        begin_, starts_, first_, shift_ = values[2:6]
        a_, a0_, a_row_, a_step_ = values[6:10]
        b_, b0_, b_step_, c_, c0_, c_row_, depth_ = values[10:]
        first_a = element(context, builder, a, a_, a0_)
        first_b = element(context, builder, b, b_, b0_)
        first_c = element(context, builder, c, c_, c0_)
        first_start = element(context, builder, starts, starts_, first_)

        def constant(number: int) -> Any:
            return context.get_constant(types.intp, number)

        def read(address: Any, v: int) -> Any:
            place = builder.gep(address, [constant(v * vector.lanes)])
            return builder.load(as_vector(builder, place, vector), align=align)

        sums = []
        for r in range(shape[0]):
            start = builder.load(builder.gep(first_start, [constant(r)]))
            beginning = element(context, builder, begin, begin_, builder.add(start, shift_))
            for v in range(shape[1]):
                sums.append(cgutils.alloca_once(builder, llvm_vector(vector)))
                builder.store(read(beginning, v), sums[-1])
        a_rows = [builder.mul(a_row_, constant(r)) for r in range(shape[0])]
        with cgutils.for_range(builder, depth_) as loop:
            at_a = builder.gep(first_a, [builder.mul(loop.index, a_step_)])
            at_b = builder.gep(first_b, [builder.mul(loop.index, b_step_)])
            right = [read(at_b, v) for v in range(shape[1])]
            for r in range(shape[0]):
                number = builder.load(builder.gep(at_a, [a_rows[r]]), align=align)
                left = spread(builder, number, vector)
                for v in range(shape[1]):
                    total = sums[r * shape[1] + v]
                    product = builder.fmul(left, right[v], flags=FUSED)
                    new = builder.fadd(builder.load(total), product, flags=FUSED)
                    builder.store(new, total)
        for r in range(shape[0]):
            row = builder.gep(first_c, [builder.mul(c_row_, constant(r))])
            for v in range(shape[1]):
                place = builder.gep(row, [constant(v * vector.lanes)])
                total = builder.load(sums[r * shape[1] + v])
                builder.store(total, as_vector(builder, place, vector), align=align)
        return context.get_dummy_value()

    return types.void(*arguments), code
