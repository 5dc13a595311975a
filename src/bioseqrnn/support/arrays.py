"""Names of array types, for annotations."""

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
# residues as text
Bytes = npt.NDArray[np.uint8]
# residues or classes as numbers
Codes = npt.NDArray[np.uint8]
# floating-point numbers of any width, for kernels
Numbers = npt.NDArray[Any]
