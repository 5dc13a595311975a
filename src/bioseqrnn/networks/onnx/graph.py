"""An ONNX graph that is written node by node."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, checker, helper, numpy_helper

# Operator set 17 (2022) has every operator that is needed; older runtimes read it too
OPSET = 17
DOUBLE = TensorProto.DOUBLE


class Graph:
    """Nodes and constant arrays; a value is known by its name."""

    def __init__(self) -> None:
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []
        self._known: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def node(self, operator: str, *inputs: str, outputs: int = 1, **attributes: Any) -> list[str]:
        """Append a node; return the names of its outputs. An empty input is left out."""
        place = len(self._nodes)
        names = [f"{operator}_{place}_{k}" if k else f"{operator}_{place}" for k in range(outputs)]
        self._nodes.append(helper.make_node(operator, list(inputs), names, **attributes))
        return names

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Append a node with one output; return the name of the output."""
        return self.node(operator, *inputs, **attributes)[0]

    def constant(self, values: npt.ArrayLike, dtype: npt.DTypeLike | None = None) -> str:
        """Name of a constant array; equal arrays are stored once."""
        array = np.ascontiguousarray(values, dtype).reshape(np.shape(values))
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._known:
            name = f"constant_{len(self._constants)}"
            self._constants.append(numpy_helper.from_array(array, name))
            self._known[key] = name
        return self._known[key]

    def integers(self, *values: int) -> str:
        """Name of a constant int64 vector."""
        return self.constant(list(values), np.int64)

    def size(self, x: str, axis: int) -> str:
        """Size of ``x`` along an axis: int64 [1]."""
        return self.add("Shape", x, start=axis, end=axis + 1)

    def indices(self, size: str) -> str:
        """0, 1, … below a size: int64 [size]."""
        zero, one = self.constant(0, np.int64), self.constant(1, np.int64)
        return self.add("Range", zero, self.add("Squeeze", size, self.integers(0)), one)

    def inside(self, x: str, lengths: str) -> str:
        """Bool [batch, time]: which positions of ``x`` [batch, time, …] are inside a sequence."""
        ends = self.add("Unsqueeze", lengths, self.integers(1))
        return self.add("Less", self.indices(self.size(x, 1)), ends)

    def masked(self, x: str, mask: str, value: float = 0.0) -> str:
        """Set ``x`` [batch, time, features] to a value where ``mask`` [batch, time] is False."""
        wide = self.add("Unsqueeze", mask, self.integers(2))
        return self.add("Where", wide, x, self.constant(value, np.float32))

    def steps(self, lengths: str, size: int) -> str:
        """Number of steps of ``size`` positions that lengths take: length / size, rounded up."""
        if size == 1:
            return lengths
        more = self.add("Add", lengths, self.constant(size - 1, np.int64))
        return self.add("Div", more, self.constant(size, np.int64))

    def filled(self, x: str, size: int) -> str:
        """Append zeros to ``x`` [batch, time, features], to a multiple of ``size`` positions."""
        time = self.size(x, 1)
        count = self.constant(size, np.int64)
        missing = self.add("Sub", self.add("Mul", self.steps(time, size), count), time)
        before = self.integers(0, 0, 0, 0)
        pads = self.add("Concat", before, missing, self.integers(0), axis=0)
        return self.add("Pad", x, pads)

    def model(
        self,
        inputs: list[ValueInfoProto],
        output: tuple[str, ValueInfoProto],
        metadata: dict[str, str],
    ) -> ModelProto:
        """Return the checked model.

        Parameters
        ----------
        inputs : list of ValueInfoProto
        output : (str, ValueInfoProto)
            Name of the value, and name and shape under which the model returns it.
        metadata : dict of str to str
        """
        value, shown = output
        last = helper.make_node("Identity", [value], [shown.name])
        nodes, used = self._needed(value)
        constants = [array for array in self._constants if array.name in used]
        graph = helper.make_graph([*nodes, last], "bioseqrnn", inputs, [shown], constants)
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(
            graph,
            opset_imports=opsets,
            ir_version=helper.find_min_ir_version_for(opsets),
            producer_name="bioseqrnn",
        )
        helper.set_model_props(model, metadata)
        checker.check_model(model, full_check=True)
        return model

    def _needed(self, value: str) -> tuple[list[NodeProto], set[str]]:
        """The nodes that a value depends on, and the names that they read."""
        used, nodes = {value}, []
        for node in reversed(self._nodes):
            if used & set(node.output):
                used |= set(node.input)
                nodes.append(node)
        return nodes[::-1], used
