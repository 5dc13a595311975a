"""What a new compression has to be entered in."""

from bioseqrnn.config.checks.files import COMPRESSED_ENDINGS, MAGIC


def test_every_compression_has_an_ending_by_which_a_file_of_a_folder_is_found():
    assert {f".{name}" for name in MAGIC.values()} <= set(COMPRESSED_ENDINGS)
