"""The inner loop of a matrix product, written as LLVM instructions."""

# mypy: disable-error-code="misc, untyped-decorator"
# (Numba's classes and decorators are untyped)

from __future__ import annotations

from typing import Any

from numba.core import cgutils, types
from numba.extending import intrinsic

from bioseqrnn.networks.engine.simd import (
    FUSED,
    Vector,
    as_vector,
    element,
    llvm_vector,
    spread,
)


@intrinsic(prefer_literal=True)
def add_block(
    typing_context: Any,
    rows: Any, vectors: Any,
    begin: Any, begin0: Any, begin_row: Any,
    a: Any, a0: Any, a_row: Any, a_step: Any,
    b: Any, b0: Any, b_step: Any,
    c: Any, c0: Any, c_row: Any,
    depth: Any,
) -> Any:  # fmt: skip
    """Write C = begin + A B for a block of C that stays in registers: a product's inner loop.

    Parameters
    ----------
    rows, vectors : int
        Size of the block, known when compiled: ``rows`` × (``vectors`` × lanes) numbers of C.
    begin, a, b, c : flat arrays
        A[i, k] is at ``a0 + i a_row + k a_step``, B[k, j] at ``b0 + k b_step + j``, C[i, j] at
        ``c0 + i c_row + j`` and its initial value at ``begin0 + i begin_row + j``.
    depth : int
        Number of k.

    Each number of C is summed over k in order, whatever the size of the block.
    """
    vector, shape = Vector(c.dtype), (rows.literal_value, vectors.literal_value)
    align = c.dtype.bitwidth // 8
    arguments = (
        *(rows, vectors, begin, types.intp, types.intp),
        *(a, types.intp, types.intp, types.intp),
        *(b, types.intp, types.intp),
        *(c, types.intp, types.intp, types.intp),
    )

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        begin_, begin0_, begin_row_ = values[2:5]
        a_, a0_, a_row_, a_step_ = values[5:9]
        b_, b0_, b_step_, c_, c0_, c_row_, depth_ = values[9:]
        first_begin = element(context, builder, begin, begin_, begin0_)
        first_a = element(context, builder, a, a_, a0_)
        first_b = element(context, builder, b, b_, b0_)
        first_c = element(context, builder, c, c_, c0_)

        def constant(number: int) -> Any:
            return context.get_constant(types.intp, number)

        def read(address: Any, v: int) -> Any:
            place = builder.gep(address, [constant(v * vector.lanes)])
            return builder.load(as_vector(builder, place, vector), align=align)

        sums = []
        for r in range(shape[0]):
            beginning = builder.gep(first_begin, [builder.mul(begin_row_, constant(r))])
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
