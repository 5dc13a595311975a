"""Groups of records that must stay together."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from bioseqrnn.sequences.packing import Ints, Packed
from bioseqrnn.sequences.twins import number, sequence_digests


def sequence_keys(packed: Packed, both_strands: bool) -> Ints:
    """Number the distinct sequences: int64 [n], equal where two records have the same residues.

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
    graph = coo_array((np.ones(len(row), bool), (row, column)), shape=(next_node, next_node))
    component = connected_components(graph, directed=False)[1][:count]
    # number groups in order of first appearance: stable, whatever SciPy does
    _, first, inverse = np.unique(component, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]
