"""Options that take several words: ``--class promoter a.fa b.fa``, ``--predict *.fa``.

Click gives an option a fixed number of words. Before it reads a call, each file gets an option of
its own: ``--class=promoter=a.fa --class=promoter=b.fa``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from typer.core import TyperCommand

from bioseqrnn.support.errors import InputError

CLASS, PREDICT = "--class", "--predict"


class SeveralWords(TyperCommand):
    """A command with such options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words of a call."""
        before, after = args, []
        if "--" in args:
            place = args.index("--")
            before, after = args[:place], args[place:]
        before = list(one_file_each(before))
        if self.name == "run":
            values, _, _ = self.make_parser(ctx).parse_args(list(before))
            for word in values.get("words") or ():
                raise InputError(
                    f"'{word}' belongs to no option; the folder is given as --output {word}, and "
                    "words for Snakemake come after --"
                )
        return super().parse_args(ctx, [*before, *after])


def one_file_each(words: list[str]) -> Iterable[str]:
    """Yield the words of a call, with an option for each file.

    Raises
    ------
    InputError
        An option has no file.
    """
    place = 0
    while place < len(words):
        word = words[place]
        place += 1
        flag, equals, value = word.partition("=")
        if flag not in (CLASS, PREDICT):
            yield word
            continue
        given = [value] if equals else []
        while place < len(words) and not _is_option(words[place]):
            given.append(words[place])
            place += 1
        for file in _files(flag, given):
            yield f"{flag}={file}"


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-"


def _files(flag: str, given: list[str]) -> list[str]:
    """Return what follows an option as ``FILE``, or ``CLASS=FILE``, for each file."""
    if flag == PREDICT:
        if not given:
            raise InputError("--predict: give a FASTA file, like --predict new.fa")
        return given
    label, equals, first = given[0].partition("=") if given else ("", "", "")
    files = [first, *given[1:]] if equals else given[1:]
    if not files:
        raise InputError(
            f"--class{' ' if label else ''}{label}: give a name and its FASTA files, like --class "
            "promoter promoter.fa (a file name that begins with '-' as ./-name)"
        )
    return [f"{label}={file}" for file in files]
