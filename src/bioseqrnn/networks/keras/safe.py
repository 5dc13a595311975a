"""Safety checks of Keras files: no other file is opened, and no content is larger than it may be.

An HDF5 file can refer to other files: by links, as the storage of a dataset, or as the source of a
virtual dataset. The library then reads any such file. It also unpacks compressed data to any size,
and a zip archive can unpack to a thousand times its own size. Keras writes none of these.
"""

from __future__ import annotations

import stat
import zipfile
from pathlib import PurePosixPath
from typing import Any

import h5py

from bioseqrnn.support.errors import InputError

# most bytes of config.json and metadata.json; those of large models have some 100 kB
MOST_TEXT = 2**24
# limits of the size of weights, as a multiple of the compressed size, and always allowed: random
# numbers do not compress, and Keras does not compress them
MOST_TIMES, ALWAYS = 8, 2**24
PIECE = 2**20
PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 0x1
# kinds of NumPy types: floats of layers, integers of seeds and counters
NUMBERS = "fiu"
STORE = "save the model again with model.save()"


def check_archive(archive: zipfile.ZipFile, names: tuple[str, ...]) -> None:
    """Raise InputError if an entry is not a plain file, or its name leads outside the archive."""
    entries = archive.infolist()
    for entry in entries:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if path.is_absolute() or ".." in path.parts:
            _refuse_entry(entry, "points outside the archive")
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            _refuse_entry(entry, "is a link or device")
        if entry.flag_bits & ENCRYPTED:
            _refuse_entry(entry, "is encrypted")
        if entry.compress_type not in PLAIN:
            _refuse_entry(entry, "is compressed with a method that Keras does not use")
    for name in names:
        if sum(entry.filename == name for entry in entries) > 1:
            raise InputError(f"'{name}' appears in it twice; which one is the model?")


def read_entry(archive: zipfile.ZipFile, name: str, *, text: bool) -> bytes:
    """Return an entry of an archive, of limited size whatever the archive's directory says.

    Raises
    ------
    InputError
        The entry is larger than any such entry can be.
    """
    entry = archive.getinfo(name)
    most = MOST_TEXT if text else ALWAYS + MOST_TIMES * entry.compress_size
    parts, size = [], 0
    with archive.open(entry) as file:
        if entry.file_size <= most:
            while part := file.read(PIECE):
                size += len(part)
                parts.append(part)
                if size > most:
                    break
    if max(size, entry.file_size) > most:
        _refuse_entry(entry, f"unpacks to more than {most:,} bytes")
    return b"".join(parts)


def _refuse_entry(entry: zipfile.ZipInfo, why: str) -> None:
    raise InputError(f"its entry '{entry.filename}' {why}; Keras does not write such archives")


def check_hdf5(h5: h5py.File, size: int) -> None:
    """Raise InputError if any content is stored outside the file or is larger than the file.

    Parameters
    ----------
    h5 : File
    size : int
        Size of the file in bytes.
    """
    left = size
    names: list[bytes] = []
    # an exception would not pass through the library: names are collected, then checked
    h5.id.links.visit(names.append)
    for name in names:
        shown = name.decode("utf-8", "replace")
        if h5.id.links.get_info(name).type != h5py.h5l.TYPE_HARD:
            raise InputError(f"'{shown}' is a link to another place or file; {STORE}")
        entry = h5[name]
        if isinstance(entry, h5py.Dataset):
            _check_dataset(shown, entry)
            left -= int(entry.size or 0) * entry.dtype.itemsize
        elif not isinstance(entry, h5py.Group):
            raise InputError(f"'{shown}' is neither an array nor a group of arrays; {STORE}")
        if left < 0:
            raise InputError(
                f"its arrays, up to '{shown}', would be larger than the file ({size:,} bytes); "
                f"{STORE}"
            )


def _check_dataset(name: str, dataset: Any) -> None:
    """Raise InputError at an array whose bytes are in another file, missing or compressed."""
    creation = dataset.id.get_create_plist()
    if creation.get_external_count():
        raise InputError(f"the numbers of '{name}' are in another file; {STORE}")
    if creation.get_layout() == h5py.h5d.VIRTUAL:
        raise InputError(f"the numbers of '{name}' are composed of other arrays; {STORE}")
    if creation.get_nfilters():
        raise InputError(f"'{name}' is compressed; unpack it with h5repack -f NONE, or {STORE}")
    if dataset.dtype.kind in NUMBERS and dataset.size:
        needed = dataset.size * dataset.dtype.itemsize
        if dataset.id.get_storage_size() < needed:
            raise InputError(f"the numbers of '{name}' are not in the file; {STORE}")
