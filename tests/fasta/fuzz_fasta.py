"""Fuzz the FASTA reader with atheris: ``python tests/fasta/fuzz_fasta.py -max_total_time=60``.

The first bytes of an input choose alphabet, sizes of blocks and parts and number of shards, the
rest is the file. What must come of it is in tests/helpers/fasta_oracle.py. An input that fails is
left behind as ``crash-…``; give its name as argument to run it again.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

# first what holds compiled functions, which cannot be watched
import bioseqrnn.fasta.names
import bioseqrnn.fasta.prose
import bioseqrnn.fasta.strange
import bioseqrnn.fasta.unwrap  # noqa: F401

with atheris.instrument_imports(
    include=["bioseqrnn.fasta", "bioseqrnn.onehot", "bioseqrnn.stages.sequences"]
):
    from bioseqrnn.fasta import blocks as fasta
    from bioseqrnn.onehot.alphabet import DNA, PROTEIN

from fasta_oracle import check

CHOICES = 4
SEEDS = [
    b">a\nACGT\n>b c\r\nacgu\r\n\r\n;comment\nNN-N\n",
    b"\xef\xbb\xbf#x\n\n>a\tb\n MKW E*\n>c\rMKV-.\r*\r",
    b">a\n" + b"ACGT" * 30 + b"\n>b\n" + b"AC GT\n" * 20 + b"!\n>c\n>d\nAC+T",
]


TOKENS = [
    b"\n>", b"\r\n", b"\r>", b"\n;", b"\n#", b"\n!", b">a\n", b"> ", b"ACGT", b"NRYK", b"MKWE",
    b"acgu", b"-.", b"*\n", b" \n", b"\t", b"\xef\xbb\xbf", b"\xc2\xa0", b"\xe2\x80\xa8", b"\x1c",
    b"\xff",
]  # fmt: skip


def main() -> int:
    """Run the fuzzer with the arguments of libFuzzer; it ends its process without unwinding it."""
    with tempfile.TemporaryDirectory(prefix="fuzz-fasta-") as folder:
        child = os.fork()
        if not child:
            fuzz(Path(folder))
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def fuzz(folder: Path) -> None:
    def one_input(data: bytes) -> None:
        if len(data) < CHOICES:
            return
        fasta.BLOCK_BYTES = 3 + data[0] % 61
        fasta.PART_BYTES = 4 + data[1] % 120
        alphabet = (DNA, PROTEIN)[data[2] % 2]
        check(folder / "x.fa", data[CHOICES:], alphabet, 2 + data[3] % 5)

    arguments = list(sys.argv)
    if all(argument.startswith("-") for argument in arguments[1:]):
        seeds = folder / "seeds"
        seeds.mkdir()
        for place, text in enumerate(SEEDS):
            (seeds / str(place)).write_bytes(bytes([9, 40, place % 2, place]) + text)
        escaped = ("".join(f"\\x{byte:02x}" for byte in token) for token in TOKENS)
        (folder / "tokens").write_text("".join(f'"{token}"\n' for token in escaped))
        arguments += [f"-dict={folder / 'tokens'}", "-max_len=500", str(seeds)]
    atheris.Setup(arguments, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
