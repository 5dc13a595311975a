"""Convert mlbench's DNA.rda into resources/splice (three class FASTA files and a held-out query).

    pip install rdata
    python resources/convert_splice.py /usr/lib/R/site-library/mlbench/data/DNA.rda

The data frame has 180 binary columns, three for each of 60 positions, in the StatLog coding
A = 100, C = 010, G = 001, T = 000, and a class column with ei, ie and n.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

from holdout import write_dataset

POSITIONS = 60
LETTER = {(1, 0, 0): "A", (0, 1, 0): "C", (0, 0, 1): "G", (0, 0, 0): "T"}
QUERIES_PER_CLASS = 20


def read_records(rda: Path) -> list[tuple[str, str, str]]:
    """Decode the data frame to (id, class, sequence); a coding not in LETTER is a KeyError."""
    import rdata

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the file's text encoding is not declared; it is ASCII
        frame = rdata.read_rda(rda)["DNA"]
    bits = frame.iloc[:, : 3 * POSITIONS].astype(str).astype(int).to_numpy()
    records = []
    for number, (row, label) in enumerate(zip(bits, frame["Class"], strict=True), start=1):
        letters = [LETTER[tuple(row[3 * i : 3 * i + 3])] for i in range(POSITIONS)]
        records.append((f"dna{number:04d}", str(label).upper(), "".join(letters)))
    return records


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    write_dataset(
        Path(__file__).parent / "splice", read_records(Path(sys.argv[1])), QUERIES_PER_CLASS
    )
