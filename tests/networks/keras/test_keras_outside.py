"""Keras files that reach for other files, or for more memory than they are large."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from itertools import islice
from pathlib import Path

import h5py
import numpy as np
import pytest
from forging import forged, refused

from bioseqrnn.networks.keras import safe
from bioseqrnn.networks.keras.convert import import_keras

FOLDER = Path(__file__).parents[2] / "data" / "keras"
# of lstm.h5: an array of its recurrent layer
KERNEL = "recurrent_kernel"


def said_of(path, alphabet="dna", **options):
    output = path.with_name("out.safetensors")
    said = refused(
        lambda: import_keras(path, output, alphabet=alphabet, classes=["a", "b"], **options)
    )
    assert (said is None) == output.exists()
    output.unlink(missing_ok=True)
    assert said is None or said.startswith(f"Keras model {path}: ")
    return said


def kernel_of(h5):
    """The group and name of an array of a recurrent layer."""
    names = []
    h5.visit(lambda name: names.append(name) if KERNEL in name else None)
    name = next(name for name in names if isinstance(h5[name], h5py.Dataset))
    group, _, own = name.rpartition("/")
    return h5[group], own


@pytest.fixture
def whole(tmp_path):
    """A model as HDF5, and a function that replaces one of its arrays."""
    path = tmp_path / "m.h5"
    path.write_bytes((FOLDER / "keras2.h5").read_bytes())
    assert said_of(path) is None

    def replace(make):
        with h5py.File(path, "a") as h5:
            group, name = kernel_of(h5)
            old = group[name][()]
            del group[name]
            make(group, name, old)
        return path

    return replace


def secret(folder, old):
    other = folder / "secret"
    other.write_bytes(old.tobytes())
    return other


@pytest.mark.parametrize("device", [None, "/dev/zero", "fifo"])
def test_an_array_whose_numbers_are_in_another_file(whole, tmp_path, device):
    def make(group, name, old):
        other = str(secret(tmp_path, old)) if device is None else device
        if device == "fifo":
            other = str(tmp_path / "fifo")
            os.mkfifo(other)
        group.create_dataset(name, old.shape, old.dtype, external=[(other, 0, old.nbytes)])

    assert "are in another file; save the model again" in said_of(whole(make))


def test_links_to_another_file_or_place(whole, tmp_path):
    def outside(group, name, old):
        with h5py.File(tmp_path / "other.h5", "w") as other:
            other["x"] = old
        group[name] = h5py.ExternalLink(str(tmp_path / "other.h5"), "x")

    assert "is a link to another place or file" in said_of(whole(outside))


def test_soft_links(whole):
    def inside(group, name, old):
        group[name + "2"] = old
        group[name] = h5py.SoftLink(f"{group.name}/{name}2")

    assert "is a link to another place or file" in said_of(whole(inside))


def test_links_where_no_layer_looks(tmp_path):
    path = tmp_path / "m.h5"
    path.write_bytes((FOLDER / "keras2.h5").read_bytes())
    with h5py.File(path, "a") as h5:
        h5["more/there"] = h5py.ExternalLink("/etc/hostname", "/")
    assert "'more/there' is a link to another place or file" in said_of(path)


def test_a_virtual_array(whole, tmp_path):
    def make(group, name, old):
        with h5py.File(tmp_path / "other.h5", "w") as other:
            other["x"] = old
        layout = h5py.VirtualLayout(old.shape, old.dtype)
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", old.shape)
        group.create_virtual_dataset(name, layout)

    assert "are composed of other arrays" in said_of(whole(make))


def test_arrays_that_are_larger_than_the_file(whole):
    def nothing(group, name, old):
        group.create_dataset(name, (10**6, 10**6), old.dtype, fillvalue=1.0)

    assert "are not in the file" in said_of(whole(nothing))


def test_compressed_arrays_are_not_unpacked(whole):
    def zeros(group, name, _):
        group.create_dataset(
            name, (2**22,), "f4", data=np.zeros(2**22), compression="gzip", chunks=(2**22,)
        )

    path = whole(zeros)
    assert path.stat().st_size < 2**20
    assert "is compressed; unpack it with h5repack" in said_of(path)


def test_many_names_for_one_array(whole):
    """Each would be read anew."""

    def names(group, name, old):
        group[name] = old
        group["large"] = np.zeros(10_000, np.float32)
        for i in range(100):
            group[f"n{i}"] = group["large"]

    assert "would be larger than the file" in said_of(whole(names))


def test_weights_that_are_no_numbers(whole):
    assert ("infinite or not a number") in said_of(
        whole(lambda g, n, old: g.update({n: old * np.nan}))
    )


def test_weights_beyond_single_precision(whole):
    def huge(group, name, old):
        group[name] = old.astype(np.float64) * 1e300

    assert "too large for single precision" in said_of(whole(huge))


def archive(path, *, compress=zipfile.ZIP_STORED, more=(), **changed):
    """The archive of the bundled GRU with entries changed or added."""
    with zipfile.ZipFile(FOLDER / "keras2.keras") as source:
        entries = {name: source.read(name) for name in source.namelist()}
    entries |= {name.replace("__", "."): content for name, content in changed.items()}
    with zipfile.ZipFile(path, "w", compress) as target:
        for name, content in entries.items():
            target.writestr(name, content)
        for info, content in more:
            target.writestr(info, content)
    return path


def entry(name, mode=0):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


SYMBOLS = {"symbols": "-ACGT"}


def test_an_archive_that_was_packed_again_is_read(tmp_path):
    path = archive(tmp_path / "m.keras", compress=zipfile.ZIP_DEFLATED)
    assert said_of(path, **SYMBOLS) is None


@pytest.mark.parametrize(
    ("info", "said"),
    [
        (entry("../x"), "'../x' points outside the archive"),
        (entry("/etc/x"), "'/etc/x' points outside the archive"),
        (entry("a/../../x"), "points outside the archive"),
        (entry("assets", stat.S_IFLNK | 0o777), "'assets' is a link or device"),
        (entry("assets", stat.S_IFIFO | 0o777), "'assets' is a link or device"),
        (entry("config.json"), "'config.json' appears in it twice"),
    ],
    ids=range(6),
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_entries_that_are_no_plain_files(tmp_path, info, said):
    path = archive(tmp_path / "m.keras", more=[(info, "x")])
    assert said in said_of(path, **SYMBOLS)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compression_is_refused(tmp_path, method):
    path = archive(tmp_path / "m.keras", compress=method)
    assert "is compressed with a method" in said_of(path, **SYMBOLS)


def test_an_encrypted_entry(tmp_path):
    path = archive(tmp_path / "m.keras")
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert "is encrypted" in said_of(path, **SYMBOLS)


def test_an_entry_that_unpacks_to_gigabytes(tmp_path, monkeypatch):
    monkeypatch.setattr(safe, "ALWAYS", 2**16)
    bomb = archive(
        tmp_path / "m.keras", compress=zipfile.ZIP_DEFLATED, model__weights__h5=bytes(2**25)
    )
    assert bomb.stat().st_size < 2**17
    assert "'model.weights.h5' unpacks to more than" in said_of(bomb, **SYMBOLS)


def test_an_entry_whose_directory_says_less(tmp_path, monkeypatch):
    """What comes out is counted, whatever is declared."""
    monkeypatch.setattr(safe, "ALWAYS", 2**16)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("w", bytes(2**25))
    data = packed.getvalue().replace((2**25).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        assert source.getinfo("w").file_size == 1000
        # Python's own reader stops there, and its checksum does not fit
        with pytest.raises(zipfile.BadZipFile, match="Bad CRC-32"):
            safe.read_entry(source, "w", text=False)


def test_text_that_is_too_long(tmp_path, monkeypatch):
    monkeypatch.setattr(safe, "MOST_TEXT", 2**12)
    path = archive(tmp_path / "m.keras", config__json=b" " * 2**13)
    assert "'config.json' unpacks to more than 4,096 bytes" in said_of(path, **SYMBOLS)


def config_of(name="keras2.keras"):
    with zipfile.ZipFile(FOLDER / name) as source:
        return json.loads(source.read("config.json"))


def test_a_configuration_with_any_field_changed(tmp_path):
    config = config_of()
    path = tmp_path / "m.keras"
    for _, made in islice(forged(config["config"]), 0, None, 2):
        archive(path, config__json=json.dumps(config | {"config": made}))
        said_of(path, **SYMBOLS)
    for number, layer in enumerate(config["config"]["layers"]):
        # a quarter of them, another one in each layer
        for what, made in islice(forged(layer), number % 4, None, 4):
            layers = config["config"]["layers"]
            layers = [*layers[:number], made, *layers[number + 1 :]]
            changed = config | {"config": config["config"] | {"layers": layers}}
            archive(path, config__json=json.dumps(changed))
            said = said_of(path, **SYMBOLS)
            assert said is None or len(said) < 600, what
    for text in ("", "[]", "3", "{", '{"a": 1, "a": 1}', "[" * 100_000, "null"):
        archive(path, config__json=text)
        assert said_of(path, **SYMBOLS) is not None


def layer_with(config, **changes):
    """The configuration with the recurrent layer changed."""
    for layer in config["config"]["layers"]:
        if layer["class_name"] == "Bidirectional":
            layer.update(changes)
    return json.dumps(config)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"class_name": "Lambda"}, "(Lambda)"),
        ({"registered_name": "mine>Bidirectional"}, "is a custom class"),
        ({"module": "my.package"}, "is a custom class (my.package"),
        ({"module": "os"}, "is a custom class (os"),
    ],
)
def test_layers_that_are_none_of_keras(tmp_path, changes, said):
    path = archive(tmp_path / "m.keras", config__json=layer_with(config_of(), **changes))
    assert said in said_of(path, **SYMBOLS)


def test_two_layers_of_one_name(tmp_path):
    config = config_of()
    config["config"]["layers"].append(config["config"]["layers"][-1])
    path = archive(tmp_path / "m.keras", config__json=json.dumps(config))
    assert "two layers are called" in said_of(path, **SYMBOLS)


def test_pipes_are_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "p.h5")
    said = refused(
        lambda: import_keras(tmp_path / "p.h5", tmp_path / "o", alphabet="dna", classes=["a", "b"])
    )
    assert said is not None
    assert "is a pipe or device" in said


def test_an_archive_whose_weights_are_elsewhere(tmp_path):
    with zipfile.ZipFile(FOLDER / "keras2.keras") as source:
        buffer = io.BytesIO(source.read("model.weights.h5"))
    with h5py.File(buffer, "a") as h5:
        names = []
        h5.visit(names.append)
        name = next(name for name in names if isinstance(h5[name], h5py.Dataset))
        old = h5[name][()]
        del h5[name]
        place = [(str(secret(tmp_path, old)), 0, old.nbytes)]
        h5.create_dataset(name, old.shape, old.dtype, external=place)
    path = archive(tmp_path / "m.keras", model__weights__h5=buffer.getvalue())
    assert "are in another file" in said_of(path, **SYMBOLS)
