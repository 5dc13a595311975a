"""Parquet footers of strangers: whatever they claim, the end is a table or one line."""

from __future__ import annotations

import random
import resource

import numpy as np
import pytest
from conftest import encode
from forging import refused

from bioseqrnn.fasta.sources import Source
from bioseqrnn.support.parquet import SEAL
from bioseqrnn.tables.sequences import read_sequences

# 35 and 63 bits in the numbers of Thrift: counts and sizes of more than any memory
GIANT = (b"\xff\xff\xff\xff\x7f", b"\xff" * 8 + b"\x7f")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Pages, footer without its seal: as from another program."""
    folder = tmp_path_factory.mktemp("table")
    rng = np.random.default_rng(1)
    for name in "ab":
        lines = [f">{name}{i}\n{''.join(rng.choice(list('ACGT'), 20))}\n" for i in range(50)]
        (folder / f"{name}.fa").write_text("".join(lines))
    encode(folder, [Source(folder / f"{name}.fa", name) for name in "ab"])
    whole = (folder / "sequences.parquet").read_bytes()
    size = int.from_bytes(whole[-8:-4], "little")
    return whole[: -8 - size - SEAL] + bytes(SEAL), whole[-8 - size : -8]


def test_forged_counts_and_sizes_allocate_nothing(table, tmp_path):
    pages, footer = table
    rng = random.Random(1)
    path = tmp_path / "forged.parquet"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ends = {"read": 0, "refused": 0}
    for number in range(300):
        forged = bytearray(footer)
        place = rng.randrange(len(forged) - 9)
        giant = [*GIANT, bytes([rng.randrange(256)])][number % 3]
        forged[place : place + len(giant)] = giant
        path.write_bytes(pages + forged + len(forged).to_bytes(4, "little") + b"PAR1")
        said = refused(lambda: read_sequences(path))
        ends["read" if said is None else "refused"] += 1
        assert said is None or str(path) in said
    # some bytes mean nothing, like those of the name of the writer
    assert ends["refused"] > ends["read"] > 0
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    # kilobytes
    assert grown < 500_000
