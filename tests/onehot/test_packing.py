from __future__ import annotations

import re

import numpy as np
import pytest
from conftest import pack
from hypothesis import given
from hypothesis import strategies as st

from bioseqrnn.onehot.alphabet import DNA, PROTEIN, guess_alphabet
from bioseqrnn.onehot.decoding import codes, unpack_few
from bioseqrnn.onehot.packing import pack_onehot, unpack
from bioseqrnn.support.errors import InputError


def letters(alphabet):
    accepted = alphabet.letters + alphabet.letters.lower()
    return st.lists(st.text(accepted, min_size=1, max_size=40), min_size=1, max_size=8)


def reference_bits(sequence: str, alphabet) -> np.ndarray:
    """The contract, written out: one row a position, a bit for every residue a code stands for."""
    rows = [[s in alphabet.codes[letter.upper()] for s in alphabet.symbols] for letter in sequence]
    return np.array(rows, np.uint8)


@pytest.mark.parametrize("alphabet", [DNA, PROTEIN], ids=lambda a: a.name)
@given(data=st.data())
def test_pack_is_numpy_packbits_of_the_onehot_rows(alphabet, data):
    sequences = data.draw(letters(alphabet))
    packed = pack(sequences, alphabet)
    assert len(packed) == len(sequences)
    for i, sequence in enumerate(sequences):
        assert packed.row(i) == np.packbits(reference_bits(sequence, alphabet)).tobytes()
        assert len(packed.row(i)) == alphabet.packed_size(len(sequence))


@pytest.mark.parametrize("alphabet", [DNA, PROTEIN], ids=lambda a: a.name)
@given(data=st.data())
def test_unpack_gives_rows_that_sum_to_one_and_zeros_past_the_end(alphabet, data):
    sequences = data.draw(letters(alphabet))
    packed = pack(sequences, alphabet)
    order = np.array(data.draw(st.permutations(range(len(sequences)))))
    onehot, lengths = unpack(packed, order, alphabet)
    assert onehot.dtype == np.float32
    assert onehot.shape == (len(order), lengths.max(), len(alphabet.symbols))
    for row, i in enumerate(order):
        bits = reference_bits(sequences[i], alphabet).astype(np.float32)
        np.testing.assert_allclose(
            onehot[row, : lengths[row]], bits / bits.sum(axis=1, keepdims=True), rtol=1e-6
        )
        assert not onehot[row, lengths[row] :].any()
    few, same_lengths = unpack_few(packed, order, alphabet)
    assert few.dtype == np.float32
    np.testing.assert_array_equal(few, onehot)
    np.testing.assert_array_equal(same_lengths, lengths)


@pytest.mark.parametrize("alphabet", [DNA, PROTEIN], ids=lambda a: a.name)
def test_a_batch_can_be_written_over_an_older_one(alphabet):
    packed = pack(["ACG", "A", "CGACA"], alphabet)
    memory = np.full(3 * 5 * len(alphabet.symbols) + 7, 9, np.float32)
    for rows in ([2, 0], [1], [0, 1, 2]):
        onehot, lengths = unpack(packed, np.array(rows), alphabet, memory)
        fresh, _ = unpack(packed, np.array(rows), alphabet)
        assert np.shares_memory(onehot, memory)
        np.testing.assert_array_equal(onehot, fresh)
        assert lengths.tolist() == packed.lengths[rows].tolist()


@pytest.mark.parametrize(
    ("sequence", "position", "letter"),
    [("ACGE", 4, "E"), ("?ACG", 1, "?"), ("AC GT", 3, " "), ("ACé", 3, "é"), ("A C", 2, " ")],
)
def test_bad_letter_is_located(sequence, position, letter):
    message = f"record '1', position {position}: '{letter}' is not a DNA letter"
    with pytest.raises(InputError, match=re.escape(message)):
        pack(["ACG", sequence], DNA)


@pytest.mark.parametrize(
    ("sample", "name"),
    [
        (b"ACGTNNACGU", "dna"),
        (b"acgtacgtacgtR", "dna"),
        (b"MKTAYIAKQR", "protein"),
        (b"GGC", "dna"),
    ],
)
def test_guess_alphabet(sample, name):
    assert guess_alphabet(sample).alphabet.name == name


@pytest.mark.parametrize("alphabet", [DNA, PROTEIN], ids=lambda a: a.name)
@given(data=st.data())
def test_arrays_of_one_length_are_packed_alike(alphabet, data):
    length = data.draw(st.integers(1, 9))
    text = st.text(alphabet.letters, min_size=length, max_size=length)
    sequences = data.draw(st.lists(text, min_size=1, max_size=4))
    bits = np.stack([reference_bits(sequence, alphabet) for sequence in sequences])
    wanted, found = pack(sequences, alphabet), pack_onehot(bits)
    assert [found.row(i) for i in range(len(found))] == [wanted.row(i) for i in range(len(found))]
    assert found.lengths.tolist() == wanted.lengths.tolist()
    np.testing.assert_array_equal(found.offsets, wanted.offsets)


@pytest.mark.parametrize(
    ("alphabet", "text", "shown"),
    [(DNA, "ACGTURYSWKMBDHVNX", "ACGTTRYSWKMBDHVNN"), (PROTEIN, "ACDYBZJUOX", "ACDYBZJXXX")],
)
def test_codes_of_ambiguous_residues(alphabet, text, shown):
    assert codes(unpack(pack([text], alphabet), np.array([0]), alphabet)[0][0], alphabet) == shown
