"""Killed, no room, cut short, changed underway: never half a table under its final name."""

from __future__ import annotations

import bz2
import errno
import fcntl
import gzip
import lzma
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from conftest import BIN, encode
from forked import Forked
from mounts import MOUNT, can_mount

from bioseqrnn.fasta import blocks as fasta
from bioseqrnn.fasta import records
from bioseqrnn.fasta.records import read_records
from bioseqrnn.fasta.sources import Source
from bioseqrnn.onehot.alphabet import DNA
from bioseqrnn.stages.sequences.run import encode_sequences
from bioseqrnn.support import atomic
from bioseqrnn.support.atomic import atomic_path
from bioseqrnn.support.errors import InputError

# what it shares is made once, not by every worker
pytestmark = pytest.mark.xdist_group("faults")
ENCODE = [
    BIN / "bioseqrnn", "encode", "--fasta", "../x.fa", "--label", "x", "--fasta", "../y.fa",
    "--label", "y", "--intake", "intake.tsv", "-o", "sequences.parquet",
]  # fmt: skip


def random_fasta(records: int, length: int, prefix: str = "r") -> bytes:
    letters = np.frombuffer(b"ACGT", np.uint8)
    rows = letters[np.random.default_rng(2).integers(0, 4, (records, length))]
    return b"".join(b">%s%d\n%s\n" % (prefix.encode(), i, row) for i, row in enumerate(rows))


@pytest.fixture(scope="module")
def big(tmp_path_factory) -> Path:
    """A folder with two FASTA files of 12 MB, and what comes of them, undisturbed, in 'good'."""
    folder = tmp_path_factory.mktemp("faults")
    for name in "xy":
        (folder / f"{name}.fa").write_bytes(random_fasta(12_000, 1000, name))
    (folder / "good").mkdir()
    subprocess.run(ENCODE, cwd=folder / "good", check=True, capture_output=True)
    assert sorted(p.name for p in (folder / "good").iterdir()) == [
        "intake.tsv",
        "sequences.parquet",
    ]
    # once in this process: what is imported and compiled then, its forks need not do
    small = [folder / f"small-{name}.fa" for name in "xy"]
    for path in small:
        path.write_bytes(random_fasta(10, 1000, path.stem))
    encode(folder, [Source(path, path.stem) for path in small])
    return folder


def encode_in(folder: Path, **options) -> Forked:
    """The command, started in a folder."""
    return Forked(ENCODE, cwd=folder, **options)


def ended(command: Forked) -> tuple[int, str]:
    """Exit status, and what it said."""
    err = command.communicate()[1]
    assert command.returncode is not None
    return command.returncode, err


def temporary_files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.endswith(".tmp")]


def size_written(folder: Path) -> int:
    """Bytes of the table so far, under its temporary name or its final one."""
    sizes = []
    for path in folder.iterdir():
        if path.name.startswith((".sequences.parquet.", "sequences.parquet")):
            try:
                sizes.append(path.stat().st_size)
            except FileNotFoundError:
                # renamed since
                return sys.maxsize
    return max(sizes, default=0)


def check_whole_or_absent(folder: Path, good: Path) -> None:
    for name in ("sequences.parquet", "intake.tsv"):
        if (folder / name).exists():
            assert (folder / name).read_bytes() == (good / name).read_bytes()
    if (folder / "sequences.parquet").exists():
        assert pq.read_table(folder / "sequences.parquet").num_rows == 24_000
        # the table is the last to appear
        assert (folder / "intake.tsv").exists()


def test_killed_at_any_time(big):
    good, out = big / "good", big / "killed"
    out.mkdir()
    final = (good / "sequences.parquet").stat().st_size
    start = time.monotonic()
    assert encode_in(good).wait() == 0
    duration = time.monotonic() - start
    moments = [("time", duration * share) for share in np.linspace(0.1, 1.05, 5)]
    moments += [("bytes", final * share) for share in np.linspace(1e-7, 0.999, 9)]
    left = killed = 0
    for kind, when in moments:
        for path in out.iterdir():
            if not path.name.endswith(".tmp"):
                path.unlink()
        before = {path.name for path in temporary_files(out)}
        child = encode_in(out)
        start = time.monotonic()
        while child.poll() is None:
            if kind == "time" and time.monotonic() - start >= when:
                break
            # the leftover of the run before counts no more once it is gone
            fresh = before.isdisjoint(path.name for path in temporary_files(out))
            if kind == "bytes" and fresh and size_written(out) >= when:
                break
            time.sleep(0.0005)
        child.send_signal(signal.SIGKILL)
        killed += ended(child)[0] == -signal.SIGKILL
        left += bool(temporary_files(out))
        # what the run before left, this one removed
        assert len(temporary_files(out)) <= 2
        check_whole_or_absent(out, good)
    assert killed >= 8
    assert left >= 5
    assert ended(encode_in(out))[0] == 0
    assert sorted(path.name for path in out.iterdir()) == ["intake.tsv", "sequences.parquet"]
    check_whole_or_absent(out, good)


def test_an_older_table_survives_what_fails(tmp_path, big):
    shutil.copytree(big / "good", tmp_path / "out")
    out = tmp_path / "out"
    for name in "xy":
        (tmp_path / f"{name}.fa").write_bytes((big / f"{name}.fa").read_bytes())
    with (tmp_path / "y.fa").open("ab") as handle:
        handle.write(b">bad\nAC+T\n")
    code, message = ended(encode_in(out))
    assert code == 2
    assert "../y.fa: record 'bad', position 3: '+' is not a DNA letter" in message
    for number, code in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)):
        before = set(temporary_files(out))
        child = encode_in(out)
        while not set(temporary_files(out)) - before and child.poll() is None:
            time.sleep(0.001)
        child.send_signal(number)
        ending, message = ended(child)
        # 2 where it came to the bad letter first
        assert ending in (code, 2), message
    assert "interrupted" in message or "position 3" in message
    # what came at the very moment a temporary file was made may leave it to the next run
    assert ended(encode_in(out))[0] == 2
    check_whole_or_absent(out, big / "good")
    assert sorted(path.name for path in out.iterdir()) == ["intake.tsv", "sequences.parquet"]


# --- Temporary files --------------------------------------------------------------------------


def test_abandoned_temporary_files_are_removed_and_no_others(tmp_path):
    path = tmp_path / "x.tsv"
    abandoned = tmp_path / ".x.tsv.abcd_123.tmp"
    others = [".x.tsv.tmp", ".x.tsv.abc.tmp", ".y.tsv.abcd_123.tmp", "x.tsv.abcd_123.tmp",
              ".x.tsv.gz.abcd_123.tmp", ".x.tsv.locked_1.tmp"]  # fmt: skip
    for name in (abandoned.name, *others):
        (tmp_path / name).write_text("half")
    (tmp_path / ".x.tsv.link_123.tmp").symlink_to(tmp_path / ".x.tsv.tmp")
    with (tmp_path / ".x.tsv.locked_1.tmp").open("r+") as locked:
        fcntl.flock(locked, fcntl.LOCK_EX)
        with atomic_path(path) as temporary:
            temporary.write_text("whole")
    assert path.read_text() == "whole"
    assert not abandoned.exists()
    assert {p.name for p in tmp_path.iterdir()} == {"x.tsv", ".x.tsv.link_123.tmp", *others}


def test_a_temporary_file_in_use_is_not_removed_by_another_writer(tmp_path):
    path = tmp_path / "x.tsv"
    with atomic_path(path) as first:
        first.write_text("one")
        with atomic_path(path) as second:
            assert first.exists()
            second.write_text("two")
        assert path.read_text() == "two"
    assert path.read_text() == "one"
    assert os.listdir(tmp_path) == ["x.tsv"]  # noqa: PTH208


WRITER = """
import sys
from pathlib import Path
from bioseqrnn.support.atomic import atomic_path
for i in range(300):
    with atomic_path(Path("x")) as temporary:
        temporary.write_text(sys.argv[1] * 5000)
"""


def test_writers_side_by_side(tmp_path):
    (tmp_path / "x").write_text("o" * 5000)
    children = [
        subprocess.Popen([sys.executable, "-c", WRITER, letter], cwd=tmp_path) for letter in "abc"
    ]
    while any(child.poll() is None for child in children):
        text = (tmp_path / "x").read_text()
        assert text == text[0] * 5000
    assert [child.returncode for child in children] == [0, 0, 0]
    assert os.listdir(tmp_path) == ["x"]  # noqa: PTH208


def test_a_file_taken_for_abandoned_before_it_is_locked(tmp_path, monkeypatch):
    """Another process that starts just then may remove it; then there is another one."""
    real, taken = fcntl.flock, []

    def flock(handle, how):
        if not taken:
            taken.append(next(tmp_path.glob(".x.*.tmp")))
            taken[0].unlink()
        real(handle, how)

    monkeypatch.setattr(atomic.fcntl, "flock", flock)
    with atomic_path(tmp_path / "x") as temporary:
        assert temporary != taken[0]
        temporary.write_text("whole")
    assert os.listdir(tmp_path) == ["x"]  # noqa: PTH208


def test_a_file_system_without_locks(tmp_path, monkeypatch):
    def flock(handle, how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(atomic.fcntl, "flock", flock)
    (tmp_path / ".x.abcd_123.tmp").write_text("of a process that may be alive")
    with atomic_path(tmp_path / "x") as temporary:
        temporary.write_text("whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".x.abcd_123.tmp", "x"]


# --- No room ----------------------------------------------------------------------------------


def check_no_room(code: int, err: str, reason: str) -> None:
    assert code == 1, err
    assert err.strip().splitlines()[-1] == (
        f"bioseqrnn: error: sequences.parquet: not written: {reason}; free some space, then run "
        "again"
    )
    assert "Traceback" not in err


@pytest.mark.parametrize("limit", [100, 1_000_000, 4_000_000])
def test_a_file_that_may_not_grow(big, tmp_path, limit):
    """As a quota does; the limit is below the table's size of 6 MB."""
    out = big / f"limit-{limit}"
    out.mkdir()

    def small_files_only():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    check_no_room(*ended(encode_in(out, before=small_files_only)), "File too large")
    assert list(out.iterdir()) == []
    assert ended(encode_in(out))[0] == 0
    check_whole_or_absent(out, big / "good")


@pytest.mark.skipif(not can_mount(), reason="no mounts here; a limit stands in for the full disk")
def test_a_full_disk(big):
    out = big / "full"
    out.mkdir()
    script = (
        'mount -t tmpfs -o size=3m tmpfs "$0" && cd "$0" && '
        '{ "$@" --fasta "$OLDPWD/x.fa" --label x --fasta "$OLDPWD/y.fa" --label y; '
        "code=$?; ls -A; exit $code; }"
    )
    words = [ENCODE[0], "encode", "--intake", "intake.tsv", "-o", "sequences.parquet"]
    done = subprocess.run(
        [*MOUNT, "sh", "-c", script, out, *words],
        cwd=big,
        capture_output=True,
        text=True,
        check=False,
    )
    check_no_room(done.returncode, done.stderr, "No space left on device")
    assert done.stdout == ""
    assert ended(encode_in(out))[0] == 0
    check_whole_or_absent(out, big / "good")


# --- Input that is not as it was --------------------------------------------------------------


def append(path: Path) -> None:
    with path.open("ab") as handle:
        handle.write(b">new\nACGT\n")


def replace(path: Path) -> None:
    other = path.with_name("other.fa")
    other.write_bytes(path.read_bytes())
    other.replace(path)


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def rewrite(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"A", b"C"))


CHANGES = [append, replace, truncate, rewrite, Path.unlink]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_file_that_changes_while_it_is_read(tmp_path, monkeypatch, change):
    monkeypatch.setattr(fasta, "BLOCK_BYTES", 1000)
    path = tmp_path / "x.fa"
    path.write_bytes(random_fasta(1000, 60))
    blocks = read_records(path, DNA)
    next(blocks)
    change(path)
    with pytest.raises(InputError) as caught:
        list(blocks)
    assert str(caught.value) == (
        f"{path}: changed while it was read; wait until it is complete, then run again"
    )


@pytest.mark.parametrize("change", [append, truncate], ids=lambda change: change.__name__)
@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_an_archive_that_changes_while_it_is_read(tmp_path, compress, change):
    path = tmp_path / "x.fa"
    path.write_bytes(compress(random_fasta(20_000, 60)))
    blocks = read_records(path, DNA)
    next(blocks)
    change(path)
    with pytest.raises(InputError, match="changed while it was read"):
        list(blocks)


@pytest.mark.parametrize("moment", ["underway", "between two readings"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_encoding_a_file_that_changes(tmp_path, monkeypatch, change, moment):
    """The older table stays, nothing else; the rerun succeeds."""
    paths = [tmp_path / f"{name}.fa" for name in "xy"]
    for path in paths:
        path.write_bytes(random_fasta(1000, 60, path.stem))
    sources = [Source(path, path.stem) for path in paths]
    out = tmp_path / "out"
    out.mkdir()
    encode(out, sources)
    older = (out / "sequences.parquet").read_bytes()
    real = records.read_blocks

    def read_blocks(path, shard=fasta.WHOLE):
        for number, block in enumerate(real(path, shard)):
            if path == paths[0] and number == 3 and moment == "underway":
                change(path)
            yield block
        if path == paths[0] and moment != "underway":
            change(path)

    with monkeypatch.context() as patch:
        patch.setattr(fasta, "BLOCK_BYTES", 10_000)
        patch.setattr(records, "read_blocks", read_blocks)
        with pytest.raises(InputError, match=r"x\.fa: changed while it was read; wait until it is"):
            encode(out, sources)
    assert (out / "sequences.parquet").read_bytes() == older
    assert sorted(path.name for path in out.iterdir()) == ["intake.tsv", "sequences.parquet"]
    paths[0].write_bytes(random_fasta(500, 60, "x"))
    assert len(encode(out, sources)) == 1500


def test_a_file_without_read_permission(tmp_path):
    (tmp_path / "x.fa").write_bytes(random_fasta(3, 9, "x"))
    (tmp_path / "y.fa").write_bytes(random_fasta(3, 9, "y"))
    (tmp_path / "out").mkdir()
    (tmp_path / "y.fa").chmod(0)
    words = [str(word) for word in ENCODE]
    if os.geteuid() == 0:
        # root may read everything, unless it gives that up
        if shutil.which("setpriv") is None:
            pytest.skip("runs as root, and there is no setpriv")
        words = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *words]
    done = subprocess.run(words, cwd=tmp_path / "out", capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert done.stderr.strip() == (
        "bioseqrnn: error: FASTA file ../y.fa: not readable; check its permissions"
    )
    assert list((tmp_path / "out").iterdir()) == []


def test_what_a_terminal_would_obey_is_shown_not_sent(tmp_path):
    (tmp_path / "x.fa").write_bytes(b">\x1b[31mred\x07\nAC+T\n")
    (tmp_path / "y.fa").write_bytes(random_fasta(3, 9, "y"))
    (tmp_path / "out").mkdir()
    code, message = ended(encode_in(tmp_path / "out"))
    assert code == 2
    assert r"record '\x1b[31mred\x07', position 3: '+'" in message
    assert all(letter.isprintable() for letter in message.rstrip("\n"))


def test_the_counts_cannot_be_written(tmp_path):
    """Both tables or neither."""
    (tmp_path / "x.fa").write_bytes(random_fasta(3, 9, "x"))
    (tmp_path / "y.fa").write_bytes(random_fasta(3, 9, "y"))
    (tmp_path / "intake.tsv").mkdir()
    with pytest.raises(OSError, match=r"intake\.tsv"):
        encode_sequences(
            [Source(tmp_path / f"{name}.fa", name) for name in "xy"],
            tmp_path / "sequences.parquet",
            tmp_path / "intake.tsv",
        )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["intake.tsv", "x.fa", "y.fa"]
