"""Known properties of the amino acids: their similarity, and physical and chemical properties.

A few labelled peptides cannot teach a network that lysine and arginine are both charged. A network
that reads this property can apply what it learns from one to the other. The columns, each with mean
0 and standard deviation 0.5 over the twenty amino acids except for the charge:

1–8   the first eight eigenvectors of BLOSUM62 (Henikoff and Henikoff, PNAS 89:10915, 1992)
9     hydropathy (Kyte and Doolittle, J. Mol. Biol. 157:105, 1982)
10    volume (Zamyatnin, Prog. Biophys. Mol. Biol. 24:107, 1972)
11    helix propensity (Chou and Fasman, Annu. Rev. Biochem. 47:251, 1978)
12    charge at pH 7, in elementary charges
"""

from __future__ import annotations

import torch
from torch import Tensor

from bioseqrnn.onehot.alphabet import PROTEIN_SYMBOLS

# in hundredths
_TABLE = {
    "A": (1, 47, 38, -1, 14, 12, 51, 1, 39, -65, 77, 0),
    "C": (-49, 57, 100, 54, 126, -80, -57, 38, 51, -41, -55, 0),
    "D": (65, 0, 25, 32, -73, -2, -124, 51, -52, -37, 2, -100),
    "E": (62, -12, -35, -25, -23, -8, -78, 37, -52, -4, 93, -100),
    "F": (-72, -52, -13, 41, -42, 19, -1, 13, 57, 60, 24, 0),
    "G": (34, -9, 110, 5, -41, 85, 94, 81, 2, -101, -78, 0),
    "H": (29, -79, -43, 103, 22, -60, 51, -2, -47, 15, 0, 10),
    "I": (-65, 58, -40, 25, -45, 18, -10, 22, 86, 32, 15, 0),
    "K": (47, 2, -43, -59, 55, 5, 17, 16, -59, 34, 29, 100),
    "L": (-63, 44, -47, -13, -1, 23, 9, 18, 74, 32, 38, 0),
    "M": (-44, 30, -53, -37, 14, 25, 5, 23, 41, 27, 82, 0),
    "N": (63, -11, 3, 67, 6, 59, -2, -45, -52, -34, -60, 0),
    "P": (36, 35, 29, -60, -90, -152, 66, -26, -19, -35, -78, 0),
    "Q": (45, -15, -47, -50, 32, -8, -34, 23, -52, 3, 20, 0),
    "R": (42, -10, -46, -42, 87, 12, 52, 20, -69, 40, -4, 100),
    "S": (34, 23, 31, 20, 11, 38, 1, -64, -5, -65, -42, 0),
    "T": (6, 38, 16, -2, -1, 26, -23, -165, -4, -31, -31, 0),
    "V": (-51, 63, -32, 3, -45, 9, 2, 6, 81, -2, 11, 0),
    "W": (-70, -117, 76, -110, 6, 15, -41, -30, -7, 107, 15, 0),
    "Y": (-51, -89, -29, 49, -11, -37, 19, -17, -14, 65, -57, 0),
}  # fmt: skip


def residue_table() -> Tensor:
    """Return one-hot columns and properties side by side: float32 [20, 32].

    The network reads the product of a one-hot row and this table. An ambiguous residue has the mean
    of the amino acids that it can be.
    """
    properties = torch.tensor([_TABLE[symbol] for symbol in PROTEIN_SYMBOLS]) / 100
    return torch.cat([torch.eye(len(PROTEIN_SYMBOLS)), properties], dim=1)
