"""bigWig files, written by pybigtools."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from bioseqrnn.support.atomic import temporary_folder
from bioseqrnn.support.errors import InputError


def write_bigwig(
    path: Path, lengths: dict[str, int], entries: Iterable[tuple[str, int, int, float]]
) -> None:
    """Write a bigWig file.

    Parameters
    ----------
    path : Path
        File to write, of any name; an existing file is replaced.
    lengths : dict of str to int
        Bases of each chromosome.
    entries : iterable of (str, int, int, float)
        Chromosome, first base from 0, end (excluded) and value, chromosome after chromosome in
        order of name, and ascending in each.

    Raises
    ------
    InputError
        pybigtools is not installed.
    """
    try:
        import pybigtools
    except ImportError as error:
        raise InputError(
            f"bigWig: pybigtools is not installed ({error}); install it with pip install pybigtools"
        ) from error
    # pybigtools goes by the ending of a name, which that of a temporary file does not have
    with temporary_folder("bioseqrnn-", path.parent) as folder:
        whole = folder / "track.bw"
        # this closes the file, too
        pybigtools.open(str(whole), "w").write(lengths, entries)
        shutil.copyfile(whole, path)
