"""The records of a FASTA file as a table."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Literal, overload

import pyarrow as pa

from bioseqrnn.api.given import ID, SEQUENCE
from bioseqrnn.fasta.blocks import read_blocks
from bioseqrnn.fasta.names import ids_of
from bioseqrnn.fasta.sources import find_fasta
from bioseqrnn.support.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = pa.schema([(ID, pa.string()), ("description", pa.string()), (SEQUENCE, pa.large_string())])


@overload
def read_sequences(
    path: str | PathLike[str], *, output: Literal["pandas"] = "pandas"
) -> pd.DataFrame: ...
@overload
def read_sequences(path: str | PathLike[str], *, output: Literal["arrow"]) -> pa.Table: ...
def read_sequences(
    path: str | PathLike[str], *, output: Literal["pandas", "arrow"] = "pandas"
) -> pd.DataFrame | pa.Table:
    """Read all records of FASTA files into memory, in their order.

    Parameters
    ----------
    path : str or path
        A FASTA file, plain or compressed, or a folder or glob of several.
    output : {"pandas", "arrow"}

    Returns
    -------
    pandas.DataFrame or pyarrow.Table
        One row a record: ``id``, the first word of its header; ``description``, the whole header;
        ``sequence``, its letters as they are in the file, also gaps and lower case, without white
        space and comment lines. ``Model.predict`` takes such a table.

    Raises
    ------
    InputError
        There is no such file, it is not FASTA, or it is damaged.

    Examples
    --------
    >>> bioseqrnn.read_sequences("query.fa")[["id", "sequence"]].values.tolist()
    [['q1', 'ACGT'], ['q2', 'AC-NN']]
    """
    if output not in ("pandas", "arrow"):
        raise InputError(f"output '{output}' is not known; choose pandas or arrow")
    titles: list[str] = []
    ids: list[str] = []
    parts: list[list[str]] = []
    for file in find_fasta(str(path), "path"):
        for block in read_blocks(file):
            first = int(block.continues)
            if block.continues:
                parts[-1].append(block.residues[0])
            titles += block.titles[first:]
            ids += ids_of(block.headers, block.titles, False).to_pylist()[first:]
            parts += [[text] for text in block.residues[first:]]
    columns = [ids, titles, ["".join(texts) for texts in parts]]
    table = pa.table([pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)], SCHEMA)
    return table if output == "arrow" else table.to_pandas()
