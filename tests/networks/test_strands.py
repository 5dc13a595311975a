from __future__ import annotations

import torch

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.networks.defaults import BOTH_STRANDS_POOL, PROTEIN_MUTATION, fit_config
from bioseqrnn.networks.strands import reverse_complement

PAIRS = dict(zip("ACGT", "TGCA", strict=True))


def onehot(*sequences):
    x = torch.zeros(len(sequences), max(map(len, sequences)), 4)
    for row, sequence in enumerate(sequences):
        for place, letter in enumerate(sequence):
            x[row, place] = 0.25 if letter == "N" else torch.eye(4)["ACGT".index(letter)]
    return x, torch.tensor([len(sequence) for sequence in sequences])


def test_the_other_strand_is_the_reversed_complement_of_each_sequence():
    given = ["ACGTTTG", "A", "GGCNA", "TTTTACC"]
    want = ["".join(PAIRS.get(c, c) for c in reversed(s)) for s in given]
    x, lengths = onehot(*given)
    assert torch.equal(reverse_complement(x, lengths), onehot(*want)[0])
    assert torch.equal(reverse_complement(reverse_complement(x, lengths), lengths), x)


def fitted(alphabet, strands, task="binary", **settings):
    metadata = {"alphabet": alphabet, "strands": strands, "task": task}
    config = fit_config(ModelConfig(cell="gru", **settings), metadata)
    assert fit_config(config, metadata) == config
    return config


def test_what_is_left_to_the_dataset():
    assert fitted("dna", "single").reverse_complement == "none"
    assert fitted("dna", "both").reverse_complement == "average"
    assert fitted("protein", "single").reverse_complement == "none"
    assert fitted("protein", "single").mutation == PROTEIN_MUTATION
    assert fitted("dna", "both").mutation == 0
    assert fitted("dna", "both").stem_pool == BOTH_STRANDS_POOL
    assert fitted("dna", "single").stem_pool == fitted("protein", "single").stem_pool == 1
    assert fitted("dna", "both", reverse_complement="none").stem_pool == 1


def test_what_is_asked_for_is_kept_where_it_has_a_meaning():
    asked = {"reverse_complement": "augment", "mutation": 0.3, "stem_pool": 4, "shift": 2}
    config = fitted("dna", "single", **asked)
    assert {key: getattr(config, key) for key in asked} == asked
    assert fitted("protein", "single", **asked).reverse_complement == "none"
    by_residue = fitted("dna", "both", "per_position", **asked)
    assert by_residue.reverse_complement == "none"
    assert (by_residue.stem_pool, by_residue.shift, by_residue.mutation) == (1, 0, 0.3)
