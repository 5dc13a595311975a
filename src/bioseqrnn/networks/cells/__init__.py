"""The recurrent cells: one module each, registered here.

To add a cell, write a module like ``gru`` with a ``Cell``, and add an entry below and a name in
``config.choices``. All other code (layers, kernels, initial weights, the number of weights, the
gradient diagnosis, the import from Keras) reads the definitions in the module.
"""

from __future__ import annotations

from bioseqrnn.networks.cells import gru, lstm, rnn
from bioseqrnn.networks.cells.cell import Cell

CELLS: dict[str, Cell] = {"rnn": rnn.CELL, "gru": gru.CELL, "lstm": lstm.CELL}
