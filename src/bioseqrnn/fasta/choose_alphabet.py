"""Choice of the alphabet with which sequence files are read."""

from __future__ import annotations

from pathlib import Path

from bioseqrnn.fasta.blocks import sample_residues
from bioseqrnn.fasta.labels import CLASSIFICATION, PER_POSITION
from bioseqrnn.fasta.three_line import sample_three_line
from bioseqrnn.onehot.alphabet import ALPHABETS, Alphabet, guess_alphabet
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError


def choose_alphabet(fastas: list[Path], name: str, task: str = CLASSIFICATION) -> Alphabet:
    """Return the alphabet ``name``, or for ``auto`` the one that all files appear to use."""
    if name != "auto":
        return ALPHABETS[name]
    sample = sample_three_line if task == PER_POSITION else sample_residues
    guesses = {fasta: guess_alphabet(sample(fasta)) for fasta in fastas}
    first = guesses[fastas[0]].alphabet
    for fasta, guess in guesses.items():
        if guess.alphabet != first:
            raise InputError(
                f"{fasta}: looks like {guess.alphabet.name}, but {fastas[0]} looks like "
                f"{first.name}; set the alphabet (dna or protein) if they belong together"
            )
        if not guess.sure:
            say(
                f"warning: {fasta} is read as {first.name}: {guess.share:.0%} of its letters are A "
                "C G T U N, and no letter occurs only in proteins; set the alphabet (dna or "
                "protein) to be sure"
            )
    return first


def warn_of_dna(fasta: Path, alphabet: Alphabet) -> None:
    """Warn if a file to be read as protein looks like DNA: all its letters would be accepted."""
    if alphabet.name == "protein":
        guess = guess_alphabet(sample_residues(fasta, empty=True))
        if guess.sure and guess.alphabet.name == "dna":
            say(f"warning: {fasta} looks like DNA, but is read as protein")
