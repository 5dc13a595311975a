"""The recurrent cells: one module each, registered here.

A new cell is a module like ``gru`` with a ``Cell``, its entry below, and its name in
``config.choices``. Everything else (layers, kernels, initial weights, the number of weights, the
gradient diagnosis, the import from Keras) reads what the module says.
"""

from __future__ import annotations

from bioseqrnn.networks.cells import gru, lstm, rnn
from bioseqrnn.networks.cells.cell import Cell

CELLS: dict[str, Cell] = {"rnn": rnn.CELL, "gru": gru.CELL, "lstm": lstm.CELL}
