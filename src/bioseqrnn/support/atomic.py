"""Output files, written completely or not at all, one at a time or several together."""

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
# Holds the locks of their temporary files until all are renamed, then removes leftover files
_kept: ContextVar[ExitStack] = ContextVar("_kept")


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder, renamed to ``path`` only if the block succeeds.

    The file is synced before the rename, so that ``path`` is never half a file, whatever happens to
    the process or the machine. A temporary file is locked as long as its process lives. The next
    process that writes the same path removes temporary files left by killed processes.

    Within ``together`` the rename waits for the other outputs.

    Raises
    ------
    OSError
        Names ``path`` if the disk is full.
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
        # mkstemp makes files private; set the usual permissions instead
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
    """Write all outputs of the block or none: they are renamed only when it succeeds.

    Each ``atomic_path`` in the block writes and syncs its temporary file. If the disk is full, the
    input is bad or the block is interrupted, existing outputs do not change. At the end of the
    block the files are renamed one after the other, in the order in which they were finished. A
    rename needs no disk space, but each one is a separate step: if the machine fails between two
    renames, some outputs are new and some old, but each is complete. If a rename fails, the earlier
    ones are undone.
    """
    if _waiting.get() is not None:
        # this block is inside another ``together``, which does the renaming
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
    """Rename all temporary files to their final names; if one rename fails, undo the others."""
    with ExitStack() as undo:
        for temporary, path in waiting:
            before = None
            if path.exists():
                # a second name (hard link) of the old file, from which it can be restored
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
    """Restore ``path``: the old file, or no file."""
    if before is None:
        path.unlink(missing_ok=True)
    elif before.exists():
        before.replace(path)


def written_so_far(path: Path) -> Path:
    """Return the path at which an output of the same ``together`` can be read already."""
    found = [temporary for temporary, final in _waiting.get() or [] if final == path]
    return found[-1] if found else path


@contextmanager
def _disk_full_of(path: Path) -> Iterator[None]:
    """Make errors name the output file, instead of its temporary file or no file."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            if Path(str(error.filename)).name.startswith(f".{path.name}."):
                raise OSError(error.errno, error.strerror, str(path)) from error
            raise
        raise OSError(
            f"{path}: not written: {os.strerror(error.errno)}; free some space, then run again"
        ) from error


def _locked_temporary(path: Path) -> tuple[int, Path]:
    """Create a temporary file next to ``path``; it is locked until the handle is closed."""
    while True:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(handle), os.stat(name)):  # noqa: PTH116
                return handle, Path(name)
        except (BlockingIOError, FileNotFoundError):
            # another process considered it abandoned, in the moment before it was locked
            pass
        except OSError:
            # a file system without locks: files there are never considered abandoned
            return handle, Path(name)
        os.close(handle)


def _remove_abandoned(path: Path) -> None:
    """Remove temporary files of ``path`` that no living process has locked."""
    pattern = re.compile(re.escape(f".{path.name}.") + r"[a-z0-9_]{8}\.(tmp|old)")
    for entry in path.parent.iterdir():
        if not pattern.fullmatch(entry.name):
            continue
        # errors: removed meanwhile, owned by another user, in use, or no locks on this file system
        with suppress(OSError):
            # opened for writing, which NFS requires for an exclusive lock
            handle = os.open(entry, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                entry.unlink()
            finally:
                os.close(handle)


def remove_file(path: Path) -> None:
    """Remove a file written by ``atomic_path``, if it exists, and leftovers of killed writers."""
    _remove_abandoned(path)
    path.unlink(missing_ok=True)


@contextmanager
def temporary_folder(prefix: str, where: Path | None = None) -> Iterator[Path]:
    """Yield a folder that is removed when the block ends.

    Parameters
    ----------
    prefix : str
        Beginning of its name.
    where : Path, optional
        Folder in which it is made; None: ``TMPDIR``, or the default of the system.

    Raises
    ------
    OSError
        Names the folder for temporary files if that is full.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=prefix, dir=where) as name:
            yield Path(name)
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise no_room(where or Path(tempfile.gettempdir())) from error


def no_room(folder: Path) -> OSError:
    """Return the error for a full folder for temporary files."""
    return OSError(
        f"{folder}: no space for temporary files: {os.strerror(errno.ENOSPC)}; free some space, or "
        "set TMPDIR to another folder"
    )


def is_full(folder: Path) -> bool:
    """Whether a folder has almost no free space, which may be why a program has failed."""
    return shutil.disk_usage(folder).free < LEAST_FREE_BYTES
