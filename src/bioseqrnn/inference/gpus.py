"""The GPUs that a process takes on a machine without a batch system."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import stat
import subprocess
from contextlib import suppress
from pathlib import Path

# not the folder for temporary files, which batch systems give every job for itself; what is there
# may be anybody's, see _lock
LOCKS = Path("/tmp")  # nosec B108
# processes that share one GPU; more do not fit in its memory
MOST_ON_ONE = 16
# open files whose locks last as long as the process, however it ends
_held: list[int] = []


def claim_gpus(count: int, folder: Path = LOCKS) -> None:
    """Take GPUs that no other process of bioseqrnn has taken, and hide the others.

    A batch system shows a job its own GPUs only. On a workstation, jobs that run side by side would
    all take the first one. Taken is a lock on a file, until this process ends. Where all have been
    taken once, they are taken twice, and so on. Has to be called before CUDA is initialised.
    Nothing is done where so many or fewer GPUs are visible.

    Parameters
    ----------
    count : int
        GPUs that are needed. Processes that this one starts see the same, and take no others.
    folder : Path
        Folder of the locks: the same for all processes of a machine.
    """
    names = visible_gpus()
    if len(names) <= count:
        return
    for share in range(MOST_ON_ONE):
        taken: dict[str, int] = {}
        for name, unique in names.items():
            if len(taken) < count:
                with suppress(OSError):
                    taken[name] = _lock(folder / f"bioseqrnn-{unique}.{share}.lock")
        if len(taken) == count:
            _held.extend(taken.values())
            os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(taken)
            return
        for file in taken.values():
            os.close(file)


def visible_gpus() -> dict[str, str]:
    """The GPUs that this process may use, none without a driver.

    Returns
    -------
    dict of str to str
        By the name that CUDA takes, one that no other GPU has: batch systems may show every job
        its own GPUs as 0, 1, ….
    """
    listed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if listed is None:
        return {unique: unique for unique in _unique_names().values()}
    names = [name.strip() for name in listed.split(",")]
    # what follows -1 is hidden
    names = [name for name in (names[: names.index("-1")] if "-1" in names else names) if name]
    unique_names = _unique_names() if len(names) > 1 else {}
    # a name that the driver does not know is changed to one that a file may have
    return {name: unique_names.get(name, re.sub(r"[^\w.-]", "_", name)) for name in names}


def _unique_names() -> dict[str, str]:
    """UUIDs of the GPUs by number, as the driver tells them."""
    if shutil.which("nvidia-smi") is None:
        return {}
    asked = ["nvidia-smi", "--query-gpu=index,uuid", "--format=csv,noheader"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return {}
    # a driver without GPUs may answer with a sentence
    rows = (line.partition(", ") for line in done.stdout.splitlines())
    return {index.strip(): unique.strip() for index, _, unique in rows if unique}


def _lock(path: Path) -> int:
    """Lock a file, which may be another user's.

    The folder is everybody's and the names are known: what is no plain file is left alone, whether
    a link, which would be followed, or a pipe, which would be waited for.

    Raises
    ------
    OSError
        Another process has locked it, or it cannot be locked.
    """
    # to open somebody else's file for writing is forbidden in /tmp of many systems
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        file = os.open(path, flags)
    except FileNotFoundError:
        file = _make(path, flags)
    try:
        about = os.fstat(file)
        if not stat.S_ISREG(about.st_mode) or about.st_nlink != 1:
            raise OSError(errno.EINVAL, "not a plain file", str(path))
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        raise
    return file


def _make(path: Path, flags: int) -> int:
    """Make a file and open it; open the one that another process has made meanwhile."""
    try:
        file = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return os.open(path, flags)
    # other users lock it too, whatever is masked here
    os.fchmod(file, 0o644)
    return file
