"""What a new kind of label, or a new compression, has to be entered in."""

from bioseqrnn.config.checks.files import COMPRESSED_ENDINGS
from bioseqrnn.config.checks.labels import KINDS
from bioseqrnn.fasta.opening import COMPRESSIONS
from bioseqrnn.fasta.sources import Source
from bioseqrnn.fasta.stream import READERS


def test_every_kind_of_label_has_a_reader_and_a_field_of_a_source():
    assert set(READERS) == set(KINDS)
    assert set(KINDS) <= set(Source.__dataclass_fields__)


def test_every_compression_has_an_ending_by_which_a_file_of_a_folder_is_found():
    assert {f".{name}" for name in COMPRESSIONS.values()} <= set(COMPRESSED_ENDINGS)
