"""Groups of records that must stay together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bioseqrnn.onehot.packing import Packed
from bioseqrnn.onehot.twins import number, sequence_digests
from bioseqrnn.similarity.related import Relation
from bioseqrnn.splits.components import connected, cut_components
from bioseqrnn.splits.deal import Strata
from bioseqrnn.support.arrays import Ints
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.sequences import SequenceTable


def sequence_keys(packed: Packed, both_strands: bool) -> Ints:
    """Number the distinct sequences: int64 [n], equal if two records have the same residues.

    With ``both_strands`` a DNA sequence and its reverse complement share a number.
    """
    return number(sequence_digests(packed, both_strands))


def merge_groups(*keys: Ints) -> Ints:
    """Number the groups of records linked by any key: int64 [n], counted from 0.

    Two records are in one group if a chain of shared key values leads from one to the other.
    A key of -1 links nothing.
    """
    count = len(keys[0])
    records, nodes, next_node = [], [], count
    for key in keys:
        linked = np.flatnonzero(key >= 0)
        records.append(linked)
        nodes.append(key[linked] + next_node)
        next_node += int(key.max(initial=-1)) + 1
    row, column = np.concatenate(records), np.concatenate(nodes)
    return renumber(connected(row, column, next_node)[:count])


def renumber(values: Ints) -> Ints:
    """Number values in order of first appearance: int64 [n], counted from 0."""
    _, first, inverse = np.unique(values, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


def group_records(
    table: SequenceTable,
    strata: Strata,
    grouping: str,
    related: Sequence[Relation],
    folds: int,
    where: str = "dataset",
) -> Ints:
    """Number the groups of records that share a fold: int64 [n], counted from 0.

    Parameters
    ----------
    table : SequenceTable
    strata : int64 [n] or float64 [n, classes]
        What is balanced between folds.
    grouping : str
        ``homology``: chains of related records, as far as folds stay balanced; ``duplicates``:
        identical sequences; ``column``: the user's groups, which are required. All three keep
        together identical sequences and the records of each group of the user. ``none``: every
        record is its own group.
    related : sequence of Relation
        Which records are related, for ``homology``.
    folds : int
    where : str

    Raises
    ------
    InputError
        The grouping is ``column``, but no record has a group.
    """
    if grouping == "none":
        say(
            f"WARNING: {where}: grouping is 'none': copies and homologues of test records are used "
            "for training. The scores show only how much this inflates them"
        )
        return np.arange(len(table), dtype=np.int64)
    keys = [sequence_keys(table.packed, table.metadata["strands"] == "both")]
    given = [group for group in table.groups or () if group is not None]
    if grouping == "column" and not given:
        raise InputError(
            f"{where}: grouping is 'column', but no record has a group; add a column 'group' to "
            "the sheet or to the labels TSV, or set folds.grouping to another"
        )
    if given and table.groups is not None:
        numbers = {name: i for i, name in enumerate(dict.fromkeys(given))}
        keys.append(np.array([-1 if g is None else numbers[g] for g in table.groups], np.int64))
    if grouping != "homology":
        return merge_groups(*keys)
    if table.alphabet.name == "dna":
        keys.append(sequence_keys(table.packed, both_strands=True))
    atoms = merge_groups(*keys)
    first, second, closeness = (
        np.concatenate(parts) for parts in zip(*(one.edges() for one in related), strict=True)
    )
    group, cut = cut_components(strata, atoms, atoms[first], atoms[second], closeness, folds)
    if cut:
        say(
            f"{where}: {cut:,} chain(s) of related records contained too many records for "
            f"{folds} folds and were cut; a record that is related to a fold's test records is not "
            "used for training there"
        )
    return renumber(group[atoms])
