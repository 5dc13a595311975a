"""tanh and the logistic function of vectors."""

# mypy: disable-error-code="misc, untyped-decorator"
# (Numba's classes and decorators are untyped)

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir
from numba.core import types, typing
from numba.extending import intrinsic, overload

from bioseqrnn.networks.engine.simd import INT32, llvm_vector, spread


@intrinsic
def clamp(typing_context: Any, value: Any, limit: Any) -> Any:
    """Return a vector with every number limited to -limit … limit; NaN stays NaN."""

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

    For float32 it is the rational approximation of degrees 13 and 6 that Eigen and TensorFlow use:
    a vector library would be another dependency, and the C library computes one number at a time.
    For |x| > 9, where the float32 nearest to tanh is ±1, the result is ±1: a saturated unit has no
    gradient.
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
