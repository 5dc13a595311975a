"""Convert modlAMP's ACP_CancPPD_vs_Random.csv into resources/acp (two class FASTA files, a query).

    pip download --no-deps modlamp==4.3.3      (the CSV is modlamp/data/ inside it)
    python resources/convert_acp.py ACP_CancPPD_vs_Random.csv

First line: record count, feature count, names of class 0 and 1. Then ``sequence,class`` a line.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from holdout import write_dataset

QUERIES_PER_CLASS = 20


def read_records(path: Path) -> list[tuple[str, str, str]]:
    """Read (id, class, sequence); the record count of the first line must hold."""
    with path.open(newline="", encoding="ascii") as handle:
        rows = csv.reader(handle)
        count, _, *names = next(rows)
        numbered = dict.fromkeys(names, 0)
        records = []
        for sequence, code in rows:
            label = names[int(code)]
            numbered[label] += 1
            records.append((f"{label}_{numbered[label]:04d}", label, sequence))
    if len(records) != int(count):
        raise ValueError(f"{path}: {len(records)} records, but its first line says {count}")
    return records


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    write_dataset(Path(__file__).parent / "acp", read_records(Path(sys.argv[1])), QUERIES_PER_CLASS)
