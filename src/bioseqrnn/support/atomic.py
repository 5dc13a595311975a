"""Outputs: written whole or not at all, one or several together."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

# Reasons for a failed write that are not a fault of the program
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
LEAST_FREE_BYTES = 2**16


# Outputs whose block has ended, as (temporary path, path); None outside ``together``
_waiting: ContextVar[list[tuple[Path, Path]] | None] = ContextVar("_waiting", default=None)
# What locks their temporary files until all have their names, and removes what is left over
_kept: ContextVar[ExitStack] = ContextVar("_kept")


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary path in the same folder that becomes ``path`` only if the block succeeds.

    The file is synced before the rename, so the final name never holds half a file, whatever
    happens to the process or the machine. What a killed process left behind is removed by the next
    that writes the same path: a temporary file is locked as long as its process lives.

    Within ``together`` the rename waits for the other outputs.

    Raises
    ------
    OSError
        With ``path`` in it where the disk is full.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(path)
    waiting = _waiting.get()
    with _disk_full_of(path), ExitStack() as undo:
        handle, temporary = _locked_temporary(path)
        undo.callback(os.close, handle)
        undo.callback(temporary.unlink, missing_ok=True)
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        # mkstemp makes files private; give the usual rights instead
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        if waiting is None:
            temporary.replace(path)
        else:
            waiting.append((temporary, path))
            _kept.get().push(undo.pop_all())


@contextmanager
def together() -> Iterator[None]:
    """Write all outputs of the block or none: they get their names when it succeeds.

    Every ``atomic_path`` of the block writes and syncs its temporary file; a full disk, bad input
    or an interrupt ends the block with the earlier outputs, or none, as they were. The files are
    then renamed one after the other, in the order in which they were finished. A rename takes no
    room, but each is one step of its own: a machine that dies between two of them leaves some
    outputs new and some old, each of them whole. Where a rename fails, those before it are undone.
    """
    if _waiting.get() is not None:
        # part of a block that is larger
        yield
        return
    waiting: list[tuple[Path, Path]] = []
    with ExitStack() as kept:
        tokens = _waiting.set(waiting), _kept.set(kept)
        try:
            yield
        finally:
            _waiting.reset(tokens[0])
            _kept.reset(tokens[1])
        _rename_all(waiting)


def _rename_all(waiting: list[tuple[Path, Path]]) -> None:
    """Give every temporary file its name; where one cannot get it, all keep what they had."""
    with ExitStack() as undo:
        for temporary, path in waiting:
            before = None
            if path.exists():
                # a second name of the old file, by which it comes back
                before = temporary.with_suffix(".old")
                with suppress(OSError):
                    os.link(path, before, follow_symlinks=False)
                undo.callback(before.unlink, missing_ok=True)
            undo.callback(_put_back, before, path)
            temporary.replace(path)
        undo.pop_all()
        for temporary, _ in waiting:
            temporary.with_suffix(".old").unlink(missing_ok=True)


def _put_back(before: Path | None, path: Path) -> None:
    """Let ``path`` hold what it held: an old file, or none."""
    if before is None:
        path.unlink(missing_ok=True)
    elif before.exists():
        before.replace(path)


def written_so_far(path: Path) -> Path:
    """Return where an output of the same ``together`` can be read: its temporary file."""
    found = [temporary for temporary, final in _waiting.get() or [] if final == path]
    return found[-1] if found else path


@contextmanager
def _disk_full_of(path: Path) -> Iterator[None]:
    """Name the file that could not be written, instead of its temporary name or none."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            if Path(str(error.filename)).name.startswith(f".{path.name}."):
                raise OSError(error.errno, error.strerror, str(path)) from error
            raise
        raise OSError(
            f"{path}: not written: {os.strerror(error.errno)}; make room, then run again"
        ) from error


def _locked_temporary(path: Path) -> tuple[int, Path]:
    """Make a temporary file beside ``path``; its lock lasts until the handle is closed."""
    while True:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(handle), os.stat(name)):  # noqa: PTH116
                return handle, Path(name)
        except (BlockingIOError, FileNotFoundError):
            # another process took it for abandoned, in the moment before the lock
            pass
        except OSError:
            # a file system without locks: there nothing is ever taken for abandoned
            return handle, Path(name)
        os.close(handle)


def _remove_abandoned(path: Path) -> None:
    """Remove temporary files of ``path`` that no living process has locked."""
    pattern = re.compile(re.escape(f".{path.name}.") + r"[a-z0-9_]{8}\.(tmp|old)")
    for entry in path.parent.iterdir():
        if not pattern.fullmatch(entry.name):
            continue
        # gone by now, of another user, in use, or no locks here
        with suppress(OSError):
            # for writing: NFS gives an exclusive lock on nothing less
            handle = os.open(entry, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                entry.unlink()
            finally:
                os.close(handle)


def remove_file(path: Path) -> None:
    """Remove a file that ``atomic_path`` may have written, and what killed writers left of it."""
    _remove_abandoned(path)
    path.unlink(missing_ok=True)


@contextmanager
def temporary_folder(prefix: str, where: Path | None = None) -> Iterator[Path]:
    """Give a folder that is removed when the block ends.

    Parameters
    ----------
    prefix : str
        Of its name.
    where : Path, optional
        Folder to make it in; None: the system's, or that which ``TMPDIR`` names.

    Raises
    ------
    OSError
        With the folder for temporary files in it where that is full.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=prefix, dir=where) as name:
            yield Path(name)
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise no_room(where or Path(tempfile.gettempdir())) from error


def no_room(folder: Path) -> OSError:
    """Say that a folder for temporary files is full."""
    return OSError(
        f"{folder}: no room for temporary files: {os.strerror(errno.ENOSPC)}; make room, or name "
        "another folder in TMPDIR"
    )


def is_full(folder: Path) -> bool:
    """Whether next to nothing can be written to a folder: why a program may have failed."""
    return shutil.disk_usage(folder).free < LEAST_FREE_BYTES
