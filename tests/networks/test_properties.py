from __future__ import annotations

import numpy as np
import torch
from Bio.Align import substitution_matrices

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.properties import residue_table
from bioseqrnn.onehot.alphabet import PROTEIN_SYMBOLS


def test_the_table_is_what_it_says():
    table = residue_table().numpy()
    assert (table[:, :20] == np.eye(20)).all()
    properties = table[:, 20:]
    np.testing.assert_allclose(properties.mean(0), 0, atol=0.02)
    np.testing.assert_allclose(properties[:, :11].std(0), 0.5, atol=0.01)
    matrix = substitution_matrices.load("BLOSUM62")
    scores = np.array([[matrix[a][b] for b in PROTEIN_SYMBOLS] for a in PROTEIN_SYMBOLS])
    values, vectors = np.linalg.eigh(scores)
    for column in range(8):
        vector = vectors[:, np.argsort(-values)[column]]
        # an eigenvector has no sign of its own
        assert abs(np.corrcoef(vector, properties[:, column])[0, 1]) > 0.999
    charge = dict(zip(PROTEIN_SYMBOLS, properties[:, 11], strict=True))
    assert charge["K"] == charge["R"] == 1
    assert charge["D"] == charge["E"] == -1
    hydropathy = dict(zip(PROTEIN_SYMBOLS, properties[:, 8], strict=True))
    assert max(hydropathy, key=hydropathy.get) == "I"
    assert min(hydropathy, key=hydropathy.get) == "R"


def test_only_proteins_are_given_properties():
    config = ModelConfig(cell="gru", hidden_size=4)
    assert SequenceClassifier(config, 4, 2).stem.convolution.in_channels == 4
    assert SequenceClassifier(config, 20, 2).stem.convolution.in_channels == 32
    without = config.model_copy(update={"residue_properties": False})
    assert SequenceClassifier(without, 20, 2).stem.convolution.in_channels == 20


def test_an_ambiguous_residue_is_the_mean_of_what_it_stands_for():
    config = ModelConfig(cell="gru", hidden_size=4, stem_filters=0, positions=0)
    network = SequenceClassifier(config, 20, 2)
    x = torch.zeros(1, 4, 20)
    asparagine, aspartate = PROTEIN_SYMBOLS.index("N"), PROTEIN_SYMBOLS.index("D")
    x[0, 0, asparagine] = x[0, 1, aspartate] = 1
    x[0, 2, [asparagine, aspartate]] = 0.5
    read = network.recurrent_input(x, torch.tensor([3]))[0][0]
    torch.testing.assert_close(read[2], (read[0] + read[1]) / 2)
    assert not read[3].any()
