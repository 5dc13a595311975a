from __future__ import annotations

import itertools
import random
from collections import Counter

import numpy as np
import pytest
from Bio import bgzf
from Bio.Seq import Seq
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from bioseqrnn.onehot.alphabet import DNA, PROTEIN, PROTEIN_SYMBOLS
from bioseqrnn.onehot.shuffle import record_seed, shuffle
from bioseqrnn.stages.sequences.negatives import maker as negatives_module
from bioseqrnn.stages.sequences.negatives.maker import Negatives, clean
from bioseqrnn.stages.sequences.negatives.windows import GenomeWindows, KmerSet
from bioseqrnn.support.errors import InputError


def lets(sequence: str, k: int) -> Counter[str]:
    return Counter(sequence[i : i + k] for i in range(len(sequence) - k + 1))


def other_strand(sequence: str) -> str:
    return str(Seq(sequence).reverse_complement())


def random_dna(source: random.Random, length: int, gc: float = 0.5) -> str:
    weights = [1 - gc, gc, gc, 1 - gc]
    return "".join(source.choices("ACGT", weights, k=length))


# shuffles


@settings(deadline=None, max_examples=300)
@given(
    sequence=st.one_of(
        st.text("ACGT", max_size=80),
        st.text("ACGTN", max_size=12),
        st.text("AC", max_size=40),
        st.text(PROTEIN_SYMBOLS, max_size=80),
    ),
    k=st.integers(1, 4),
    seed=st.integers(0, 2**64 - 1),
)
def test_a_shuffle_keeps_every_count_and_both_ends(sequence, k, seed):
    shuffled = shuffle(sequence, k, seed)
    assert len(shuffled) == len(sequence)
    for size in range(1, k + 1):
        assert lets(shuffled, size) == lets(sequence, size)
    assert shuffled[: k - 1] == sequence[: k - 1]
    assert shuffled[len(sequence) - k + 1 :] == sequence[len(sequence) - k + 1 :]
    assert shuffled == shuffle(sequence, k, seed)
    if len(sequence) <= k:
        assert shuffled == sequence


@pytest.mark.parametrize(
    ("sequence", "k"),
    [
        ("AACGT", 1),
        ("ACGACTAGCA", 2),  # ends where it began
        ("AACAGATCCA", 2),
        ("ACACGTGATC", 2),  # ends elsewhere
        ("AAAACAAATAAG", 2),  # loops
        ("AACAATAAGAAC", 3),
        ("MKLMRLMKRL", 2),
        ("ABABCBABDAB", 3),
    ],
)
def test_every_arrangement_is_equally_probable(sequence, k):
    wanted = lets(sequence, k)
    arrangements: set[str] = set()
    growing = [sequence[: k - 1]]
    while growing:
        part = growing.pop()
        if len(part) == len(sequence):
            arrangements.add(part)
        else:
            grown = [part + letter for letter in set(sequence)]
            growing += [g for g in grown if not lets(g, k) - wanted]
    assert 4 < len(arrangements) < 500
    rounds = 60 * len(arrangements)
    seen = Counter(shuffle(sequence, k, record_seed(5, sequence, i)) for i in range(rounds))
    assert set(seen) <= arrangements
    assert chisquare([seen[a] for a in sorted(arrangements)]).pvalue > 1e-4


def test_a_long_sequence_takes_no_longer_than_its_length():
    sequence = random_dna(random.Random(1), 250_000)
    for k in (2, 7):
        shuffled = shuffle(sequence, k, 1)
        assert lets(shuffled, k) == lets(sequence, k)
        assert sum(map(str.__eq__, shuffled, sequence)) < 0.35 * len(sequence)


def test_seeds():
    sequence = random_dna(random.Random(2), 60)
    assert len({shuffle(sequence, 2, seed) for seed in range(100)}) == 100
    assert shuffle(sequence, 2, 7) == shuffle(sequence, 2, 7 + 2**64)
    # a table made with a seed can be made again only while these do not change
    assert shuffle("ACGTACGATTGACA", 2, 1) == "ACGTTATGACACGA"
    assert record_seed(1, "x", 2) == 12459268822474372988
    assert len({record_seed(s, i, a) for s in (1, 11) for i in ("1", "x") for a in (1, 2)}) == 8


def test_k_below_one():
    with pytest.raises(ValueError, match="k is 0"):
        shuffle("ACGT", 0, 1)


# k-mers


@settings(deadline=None, max_examples=200)
@given(
    positives=st.lists(st.text("ACGTN", max_size=60), min_size=1, max_size=5),
    window=st.text("ACGT", min_size=1, max_size=40),
    data=st.data(),
)
def test_shared_words_are_found_on_both_strands(positives, window, data):
    if data.draw(st.booleans()):
        donor = data.draw(st.sampled_from(positives))
        piece = donor[data.draw(st.integers(0, 20)) :].replace("N", "")[:30]
        window += other_strand(piece) if data.draw(st.booleans()) else piece
    size = min(24, len(window))
    words = {window[i : i + size] for i in range(len(window) - size + 1)}
    words |= {other_strand(word) for word in words}
    kmers = KmerSet()
    kmers.add([positives[0].lower()])
    kmers.shares(window)
    kmers.add(positives[1:])
    assert kmers.shares(window) == any(word in p for word in words for p in positives)


# windows


@pytest.fixture(scope="module")
def genome(tmp_path_factory):
    """Three chromosomes of pieces of varied G+C, one with a masked part, one with a gap."""
    source = random.Random(3)
    chromosomes = {}
    for name, pieces in (("chr1", 60), ("chr2", 30), ("scaffold_3", 1)):
        chromosomes[name] = "".join(
            random_dna(source, 1_000, source.uniform(0.25, 0.75)) for _ in range(pieces)
        )
    one, two = chromosomes["chr1"], chromosomes["chr2"]
    chromosomes["chr1"] = one[:10_000] + one[10_000:30_000].lower() + one[30_000:] + "ACGTA"
    chromosomes["chr2"] = two[:5_000] + "N" * 5_000 + two[10_000:]
    path = tmp_path_factory.mktemp("genome") / "genome.fa"
    with path.open("w") as handle:
        for name, sequence in chromosomes.items():
            lines = [sequence[i : i + 60] for i in range(0, len(sequence), 60)]
            handle.write(f">{name} described\n" + "\n".join(lines) + "\n")
    return path, chromosomes


@pytest.fixture(scope="module")
def positives(genome):
    """Pieces of the genome, half of them with their place, and unrelated ones."""
    source = random.Random(4)
    places, sequences = [], []
    for _ in range(60):
        start = source.randrange(40_000, 60_000)
        end = start + source.choice((12, 23, 24, 80, 200))
        places.append(("chr1", start, end))
        piece = genome[1]["chr1"][start:end]
        sequences.append(other_strand(piece) if source.random() < 0.5 else piece.lower())
    sequences += [random_dna(source, 150, source.uniform(0.35, 0.65)) + "NRY" for _ in range(30)]
    return places[:30], sequences


def gc(sequence: str) -> float:
    bases = [letter for letter in sequence.upper() if letter in "ACGT"]
    return sum(letter in "CG" for letter in bases) / len(bases)


def draw(path, places, sequences, **options):
    windows = GenomeWindows(path, sequences, places, **options)
    return windows, [windows.match(f"p{i}", s) for i, s in enumerate(sequences)]


def test_windows_match_and_hold_nothing_of_the_positives(genome, positives):
    path, chromosomes = genome
    places, sequences = positives
    windows, found = draw(path, places, sequences, seed=1)
    assert windows.missing == windows.widened == 0
    taken = [(name, start, end) for name, start, end in places]
    strands = Counter()
    whole = {s.upper() for s in sequences}
    whole |= {other_strand(s) for s in whole}
    words = {s[i : i + 24] for s in whole for i in range(len(s) - 23)}
    for positive, match in zip(sequences, found, strict=True):
        assert match is not None
        place, sequence = match
        name, span = place[:-3].split(":")
        start, end = map(int, span.split("-"))
        strands[place[-2]] += 1
        there = chromosomes[name][start:end].upper()
        assert sequence == (there if place.endswith("(+)") else other_strand(there))
        assert len(sequence) == len(positive)
        assert set(sequence) <= set("ACGT")
        allowed = max(0.02, 1 / len(sequence)) + 1e-9
        assert abs(gc(sequence) - gc(positive)) <= allowed
        assert not any(n == name and s < end and start < e for n, s, e in taken)
        taken.append((name, start, end))
        size = min(24, len(sequence))
        if size == 24:
            assert not words & {sequence[i : i + 24] for i in range(len(sequence) - 23)}
        else:
            assert not any(sequence in positive for positive in whole)
    assert min(strands.values()) > 25
    assert len({place.split(":")[0] for place, _ in filter(None, found)}) >= 2


def test_windows_are_the_same_again_from_any_form_of_the_genome(genome, positives, tmp_path):
    path, _ = genome
    before = draw(path, *positives, seed=1)[1]
    assert draw(path, *positives, seed=1)[1] == before
    assert draw(path, *positives, seed=2)[1] != before
    packed = tmp_path / "genome.fa.gz"
    with bgzf.open(packed, "wb") as handle:
        handle.write(path.read_bytes())
    windows_line_ends = tmp_path / "windows.fa"
    windows_line_ends.write_bytes(path.read_bytes().replace(b"\n", b"\r\n").rstrip())
    assert draw(packed, *positives, seed=1)[1] == before
    assert draw(windows_line_ends, *positives, seed=1)[1] == before


def test_nothing_is_written_beside_the_genome(genome, tmp_path):
    folder = tmp_path / "read-only"
    folder.mkdir()
    for name in ("genome.fa", "genome.fa.gz"):
        path = folder / name
        with bgzf.open(path, "wb") if name.endswith("gz") else path.open("wb") as handle:
            handle.write(genome[0].read_bytes())
    names = sorted(path.name for path in folder.iterdir())
    folder.chmod(0o555)
    try:
        for name in names:
            assert GenomeWindows(folder / name).match("p", "ACGT" * 10) is not None
        assert sorted(path.name for path in folder.iterdir()) == names
    finally:
        folder.chmod(0o755)


def test_tolerance_widens_then_gives_up(tmp_path):
    path = tmp_path / "genome.fa"
    path.write_text(">a\n" + "AAAAC" * 400 + "\n>b\n" + "N" * 500 + "\n")
    windows = GenomeWindows(path, seed=1)
    assert windows.match("near", "AAAAC" * 16 + "G" * 9) is not None
    assert (windows.widened, windows.missing) == (1, 0)
    assert windows.match("far", "C" * 100) is None
    assert windows.match("longer than every chromosome", "A" * 2_001) is None
    assert windows.match("no base", "N" * 20) is None
    assert (windows.widened, windows.missing) == (1, 3)
    assert GenomeWindows(path, ["AAAAC" * 5]).match("everywhere", "AAAAC" * 20) is None


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (None, "g.fa", "no such file"),
        ("chr1\t100\t200\n", "g.fa", "is it FASTA"),
        ("", "g.fa", "empty FASTA file"),
        (">a\nACGT\n>a\nACGT\n", "g.fa", "duplicate id 'a'"),
        (b"\xff\xfe\x00\x81\n", "g.fa", "is UTF-16 text"),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x03\x00\x00\x00", "g.fa.gz", "damaged or cut"),
        (b"not compressed", "g.fa.gz", "is it FASTA"),
    ],
)
def test_a_file_that_is_no_genome(tmp_path, content, name, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(InputError, match=message) as caught:
        GenomeWindows(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_damaged_bgzip_file(genome, tmp_path):
    path = tmp_path / "genome.fa.gz"
    with bgzf.open(path, "wb") as handle:
        handle.write(genome[0].read_bytes())
    path.write_bytes(path.read_bytes()[:-2_000])
    with pytest.raises(InputError, match=r"genome\.fa\.gz"):
        GenomeWindows(path)


@pytest.mark.parametrize(
    ("interval", "message"),
    [(("1", 5, 9), "no sequence '1'"), (("chr1", 0, 10**6), "chr1:0-1000000 is not within")],
)
def test_an_interval_of_another_assembly(genome, interval, message):
    with pytest.raises(InputError, match=message):
        GenomeWindows(genome[0], [], [interval])


# both


def test_clean():
    assert clean("ac-G.tn*") == "ACGTN"
    assert clean("-*-") == ""
    assert clean("M*K") == "M*K"


@pytest.mark.parametrize("both_strands", [False, True])
def test_no_negative_equals_a_positive_or_another(both_strands):
    source = random.Random(6)
    sequences = [random_dna(source, length) for length in (3, 5, 6, 7, 8, 40) for _ in range(40)]
    sequences += ["AAAAAA", "AC", "A", "", "ac-gtu*"]
    ids = [f"r{i}" for i in range(len(sequences))]
    made = Negatives(DNA, "shuffle", k=1, per_positive=3, seed=9, both_strands=both_strands)
    made.add_positives(sequences[:50])
    made.add_positives(sequences[50:])
    names, shuffled, origins = made.make(ids, sequences)
    assert len(names) + made.missing == 3 * len(sequences)
    assert 0 < made.missing < len(names)
    assert len(set(names)) == len(names)
    of = dict(zip(ids, sequences, strict=True))
    forms = [clean(s).replace("U", "T") for s in sequences]
    for name, sequence, origin in zip(names, shuffled, origins, strict=True):
        assert name in {f"{origin}_shuffled_{n}" for n in (1, 2, 3)}
        assert Counter(sequence) == Counter(clean(of[origin]))
        form = sequence.replace("U", "T")
        assert form not in forms
        assert not (both_strands and other_strand(form) in forms)
        forms.append(form)

    again = Negatives(DNA, "shuffle", k=1, per_positive=3, seed=9, both_strands=both_strands)
    again.add_positives(sequences)
    blocks = [again.make(ids[i : i + 7], sequences[i : i + 7]) for i in range(0, len(ids), 7)]
    assert list(itertools.chain.from_iterable(block[1] for block in blocks)) == shuffled


def test_protein_shuffles_keep_pairs(monkeypatch):
    source = np.random.default_rng(1)
    sequences = ["".join(source.choice(list(PROTEIN_SYMBOLS), 120)) + "*" for _ in range(20)]
    ids = [str(i) for i in range(20)]
    made = Negatives(PROTEIN, "shuffle", seed=1)
    made.add_positives(sequences)
    _, shuffled, origins = made.make(ids, sequences)
    assert origins == ids
    assert made.missing == 0
    for before, after in zip(sequences, shuffled, strict=True):
        assert lets(after, 2) == lets(clean(before), 2)
        assert after != clean(before)
    # X, U and O are the same one-hot row: no negative by exchanging them
    odd = Negatives(PROTEIN, "shuffle", k=1)
    odd.add_positives(["XU"])
    assert odd.make(["x"], ["XU"])[0] == []
    with pytest.raises(ValueError, match="'y' was not given"):
        odd.make(["y"], ["MK"])


def test_negatives_from_a_genome(genome, positives):
    places, sequences = positives
    ids = [f"p{i}" for i in range(len(sequences))]

    def make(**options):
        made = Negatives(
            DNA, "genome", genome=genome[0], intervals=places, per_positive=2, seed=3, **options
        )
        made.add_positives(sequences)
        return made, *made.make(ids, sequences)

    made, names, windows, origins = make(both_strands=True)
    assert origins == [name for name in ids for _ in range(2)]
    assert made.missing == 0
    assert len(set(windows) | {other_strand(w) for w in windows}) == 2 * len(windows)
    assert len(set(names)) == len(names)
    assert [len(w) for w in windows] == [len(s) for s in sequences for _ in range(2)]
    assert make(both_strands=True)[2] == windows


def test_what_negatives_refuse(genome):
    with pytest.raises(InputError, match="for DNA"):
        Negatives(PROTEIN, "genome", genome=genome[0])
    with pytest.raises(InputError, match="need its FASTA"):
        Negatives(DNA, "genome")
    with pytest.raises(ValueError, match="'mirror'"):
        Negatives(DNA, "mirror")


def test_attempts_are_bounded(monkeypatch):
    calls = []
    monkeypatch.setattr(negatives_module, "shuffle", lambda s, k, seed: calls.append(seed) or s)
    made = Negatives(DNA, "shuffle", per_positive=5)
    made.add_positives(["ACGTAC"])
    assert made.make(["r"], ["ACGTAC"]) == ([], [], [])
    assert made.missing == 5
    assert len(set(calls)) == len(calls) == 20
