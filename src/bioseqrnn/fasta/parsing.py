"""FASTA lines parsed by Biopython."""

from __future__ import annotations

from collections.abc import Iterator

Parsed = tuple[tuple[str, ...], tuple[str, ...], tuple[bytes, bytes], int]


def parse(lines: list[str], size: int) -> Parsed:
    """Parse the lines of whole records.

    Most texts have two lines per record, which ``FastaTwoLineParser`` reads faster. It keeps blanks
    inside sequences, so a text with any white space is parsed by ``SimpleFastaParser``.

    Parameters
    ----------
    lines : list of str
        Headers and sequence lines.
    size : int
        Bytes of the text that the lines came from, without its line ends.

    Returns
    -------
    titles, residues : tuple of str
        Headers without ``>``, and sequences without white space.
    joined : (bytes, bytes)
        Titles and residues as UTF-8 text, each on one line.
    white_space : int
        Number of white-space characters that were removed.
    """
    from Bio.SeqIO.FastaIO import FastaTwoLineParser, SimpleFastaParser

    try:
        parser = FastaTwoLineParser(iter(lines))  # type: ignore[no-untyped-call]
        parsed = _collect(parser, size)
        if parsed[3] == 0 and b" " not in parsed[2][1]:
            return parsed
    except ValueError:
        pass
    return _collect(SimpleFastaParser(iter(lines)), size)  # type: ignore[no-untyped-call]


def _collect(parser: Iterator[tuple[str, str]], size: int) -> Parsed:
    titles, residues = zip(*parser, strict=True)
    joined = _joined(titles), _joined(residues)
    # all characters other than '>', headers and residues were white space
    return titles, residues, joined, size - len(joined[0]) - len(joined[1]) + len(titles)


def _joined(lines: tuple[str, ...]) -> bytes:
    return ("\n".join(lines) + "\n").encode()
