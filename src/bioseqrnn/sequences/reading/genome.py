"""A genome on disk, read at random places by pyfaidx."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory

from bioseqrnn.errors import InputError
from bioseqrnn.io import require_file

COMPLEMENT = str.maketrans("ACGTURYKMBVDHacgturykmbvdh", "TGCAAYRMKVBHDtgcaayrmkvbhd")
# what pyfaidx and the bgzip reader below it raise for a damaged file
READ_ERRORS = (
    OSError, ValueError, LookupError, EOFError, AssertionError, RuntimeError, StopIteration,
    struct.error, zlib.error,
)  # fmt: skip


def reverse_complement(sequence: str) -> str:
    """Return the other strand of DNA, ambiguity codes and case included."""
    return sequence.translate(COMPLEMENT)[::-1]


class Genome:
    """Chromosomes by name. Only what is asked for is read.

    Parameters
    ----------
    path : Path
        FASTA, plain or bgzip. Its ``.fai`` (and ``.gzi``) are used where they are newer than it;
        else an index is made in a temporary folder: nothing is written beside the genome.

    Attributes
    ----------
    lengths : dict of str to int
        Bases of each chromosome, in the order of the file.

    Raises
    ------
    InputError
        No such file, or one that cannot be indexed as FASTA.
    """

    def __init__(self, path: Path) -> None:
        from pyfaidx import Faidx, FastaIndexingError, UnsupportedCompressionFormat

        self.path = require_file(path, "genome")
        compressed = path.name.lower().endswith((".gz", ".bgz"))
        suffixes = (".fai", ".gzi") if compressed else (".fai",)
        beside = [Path(f"{path}{suffix}") for suffix in suffixes]
        fresh = all(
            file.is_file() and file.stat().st_mtime >= path.stat().st_mtime for file in beside
        )
        with TemporaryDirectory(prefix="bioseqrnn-") as folder:
            base = path if fresh else Path(folder) / "genome"
            try:
                self._fasta = Faidx(
                    str(path),
                    indexname=f"{base}.fai",
                    gzi_indexname=f"{base}.gzi",
                    rebuild=False,
                    as_raw=True,
                )
            except UnsupportedCompressionFormat:
                raise InputError(
                    f"genome {path}: compressed, but not by bgzip; decompress it (and compress it "
                    "again by bgzip if you like)"
                ) from None
            except UnicodeDecodeError:
                raise InputError(
                    f"genome {path}: not text; it must be FASTA, plain or bgzip with a name that "
                    "ends in .gz or .bgz"
                ) from None
            except (FastaIndexingError, *READ_ERRORS) as error:
                blame = f"its {beside[0].name} may be damaged: remove it" if fresh else "mend it"
                raise InputError(
                    f"genome {path}: cannot be indexed as FASTA ({_line(error)}); {blame}"
                ) from error
        self.lengths = {name: int(entry.rlen) for name, entry in self._fasta.index.items()}

    def fetch(self, name: str, start: int, end: int) -> str:
        """Return the bases from ``start`` to before ``end``, counted from 0, as they stand."""
        try:
            return str(self._fasta.fetch(name, start + 1, end))
        except READ_ERRORS as error:
            raise InputError(
                f"genome {self.path}: {name}:{start}-{end} cannot be read ({_line(error)}); "
                "the file is damaged, or its index is of another file: make both again"
            ) from error


def _line(error: Exception) -> str:
    """An error's message as one line."""
    return " ".join(str(error).split()) or type(error).__name__
