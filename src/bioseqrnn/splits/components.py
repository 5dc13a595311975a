"""Chains of related records, cut where they are too large for balanced folds.

A group is a connected component of the graph whose edges are pairs of related records (single
linkage), so no pair is split between two groups. A component that is too large for one fold is cut
as in GraphPart (Teufel et al., NAR Genom. Bioinform. 5:lqad088, 2023): the closest pairs are
joined first, up to a maximum size; then records move to the part that contains most of their
related records. GraphPart then removes records that are still related to another part. Nothing is
removed here, see ``assign.exclude``.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from bioseqrnn.splits.deal import Strata, group_sums
from bioseqrnn.support.arrays import Doubles, Floats, Ints
from bioseqrnn.support.compiled import compiled

# As multiples of a fold's size: components up to LARGEST stay whole; parts of a larger component
# have at most one of PARTS. The smallest is taken that separates few related records (windows along
# a genome), because many small groups balance the folds and are resampled in the bootstrap
LARGEST, PARTS = 1.5, (0.05, 0.1, 0.2, 0.5)
# Largest fraction of atoms with a related one in another part, for all but the largest parts
SEPARATED = 0.05
SWEEPS = 20


def connected(first: Ints, second: Ints, count: int) -> Ints:
    """Number the connected components of ``count`` nodes: int64 [count]."""
    graph = coo_array((np.ones(len(first), bool), (first, second)), shape=(count, count))
    component: Ints = connected_components(graph, directed=False)[1].astype(np.int64)
    return component


def cut_components(
    strata: Strata,
    atoms: Ints,
    first: Ints,
    second: Ints,
    closeness: Floats,
    folds: int,
) -> tuple[Ints, int]:
    """Group related atoms, in groups that are small enough for the number of folds.

    Parameters
    ----------
    strata : int64 [n] or float64 [n, classes]
        What is balanced between folds.
    atoms : int64 [n]
        Number, from 0, of each record's atom: a set of records that always stays together.
    first, second : int64 [pairs]
        Pairs of related atoms.
    closeness : float32 [pairs]
    folds : int

    Returns
    -------
    group : int64 [atoms]
        Numbered from 0.
    cut : int
        Number of components that were too large and were cut.
    """
    count = int(atoms.max()) + 1
    component = connected(first, second, count)
    parts = int(component.max()) + 1
    classes = int(strata.max()) + 1 if strata.ndim == 1 else strata.shape[1]
    sums = group_sums(strata, component[atoms], parts, classes)
    fair = np.maximum(sums.sum(axis=0), 1) / folds
    large = (sums > LARGEST * fair).any(axis=1)
    # a component of one atom cannot be cut
    large &= np.bincount(component, minlength=parts) > 1
    inside = np.flatnonzero(large[component])
    if not len(inside):
        return component, 0
    place = np.full(count, -1)
    place[inside] = np.arange(len(inside))
    edges = np.flatnonzero(large[component[first]] & (first != second))
    edges = edges[np.argsort(-closeness[edges], kind="stable")]
    a, b = place[first[edges]], place[second[edges]]
    weights = group_sums(strata, place[atoms], len(inside), classes)
    starts, neighbours = _adjacency(a, b, len(inside))
    for size in PARTS:
        part = _join(a, b, weights, size * fair)
        _move(part, starts, neighbours, weights, size * fair, SWEEPS)
        apart = part[a] != part[b]
        if len(np.unique([a[apart], b[apart]])) <= SEPARATED * len(inside):
            break
    group = component.copy()
    group[inside] = parts + part
    return np.unique(group, return_inverse=True)[1], int(large.sum())


def _adjacency(a: Ints, b: Ints, count: int) -> tuple[Ints, Ints]:
    """Adjacency lists: the neighbours of node i are ``neighbours[starts[i]:starts[i + 1]]``."""
    nodes, others = np.concatenate([a, b]), np.concatenate([b, a])
    order = np.argsort(nodes, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(nodes, minlength=count))])
    return starts, others[order]


@compiled
def _join(a: Ints, b: Ints, weights: Doubles, most: Doubles) -> Ints:
    """Join nodes along the edges, in order, as long as no class of a part exceeds ``most``."""
    count, classes = weights.shape
    parent = np.arange(count)
    sums = weights.copy()
    for edge in range(len(a)):
        i, j = a[edge], b[edge]
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        while parent[j] != j:
            parent[j] = parent[parent[j]]
            j = parent[j]
        if i == j:
            continue
        fits = True
        for c in range(classes):
            fits &= sums[i, c] + sums[j, c] <= most[c]
        if fits:
            parent[j] = i
            for c in range(classes):
                sums[i, c] += sums[j, c]
    for i in range(count):
        root = i
        while parent[root] != root:
            root = parent[root]
        parent[i] = root
    return parent


@compiled
def _move(
    part: Ints, starts: Ints, neighbours: Ints, weights: Doubles, most: Doubles, sweeps: int
) -> None:
    """Move nodes, in place, to the part with most of their neighbours, if it has room."""
    count, classes = weights.shape
    sums = np.zeros((count, classes))
    for i in range(count):
        for c in range(classes):
            sums[part[i], c] += weights[i, c]
    votes = np.zeros(count, np.int64)
    for _ in range(sweeps):
        moved = 0
        for i in range(count):
            own = part[i]
            for k in range(starts[i], starts[i + 1]):
                votes[part[neighbours[k]]] += 1
            best = own
            for k in range(starts[i], starts[i + 1]):
                other = part[neighbours[k]]
                if votes[other] > votes[best]:
                    fits = True
                    for c in range(classes):
                        fits &= sums[other, c] + weights[i, c] <= most[c]
                    if fits:
                        best = other
            for k in range(starts[i], starts[i + 1]):
                votes[part[neighbours[k]]] = 0
            if best != own:
                part[i] = best
                moved += 1
                for c in range(classes):
                    sums[own, c] -= weights[i, c]
                    sums[best, c] += weights[i, c]
        if moved == 0:
            break
