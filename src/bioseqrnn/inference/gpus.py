"""Choice of GPUs by a process on a machine without a batch system."""

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

# /tmp itself, not the folder for temporary files: batch systems give each job its own one. Files in
# /tmp may belong to any user, see _lock
LOCKS = Path("/tmp")  # nosec B108
# most processes that share one GPU; more do not fit in its memory
MOST_ON_ONE = 16
# open files, whose locks last until the process ends, whatever the reason
_held: list[int] = []


def claim_gpus(count: int, folder: Path = LOCKS) -> None:
    """Claim GPUs that no other process of bioseqrnn has claimed, and hide the others.

    A batch system shows a job only its own GPUs. On a workstation, jobs that run at the same time
    would all use the first GPU. A claim is a lock on a file, held until this process ends. When all
    GPUs have been claimed once, they are claimed a second time, and so on. This function has to be
    called before CUDA is initialised. It does nothing if at most ``count`` GPUs are visible.

    Parameters
    ----------
    count : int
        Number of GPUs needed. Processes started by this one see the same GPUs and claim no others.
    folder : Path
        Folder of the locks; it must be the same for all processes of a machine.
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
        A unique name for each name that CUDA accepts. Names in CUDA are not unique: batch systems
        may show each job its own GPUs as 0, 1, ….
    """
    listed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if listed is None:
        return {unique: unique for unique in _unique_names().values()}
    names = [name.strip() for name in listed.split(",")]
    # names after -1 are hidden
    names = [name for name in (names[: names.index("-1")] if "-1" in names else names) if name]
    unique_names = _unique_names() if len(names) > 1 else {}
    # a name that the driver does not know is changed to a valid file name
    return {name: unique_names.get(name, re.sub(r"[^\w.-]", "_", name)) for name in names}


def _unique_names() -> dict[str, str]:
    """UUIDs of the GPUs by number, as the driver reports them."""
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
    """Lock a file, which may belong to another user.

    All users can write to the folder, and the names are known. Anything but a plain file is
    therefore refused: a link would be followed, and opening a pipe would wait.

    Raises
    ------
    OSError
        Another process has locked it, or it cannot be locked.
    """
    # many systems do not allow to open the file of another user in /tmp for writing
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        file = os.open(path, flags)
    except FileNotFoundError:
        file = _make(path, flags)
    try:
        about = os.fstat(file)
        if not stat.S_ISREG(about.st_mode) or about.st_nlink != 1:
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        raise
    return file


def _make(path: Path, flags: int) -> int:
    """Create a file and open it; if another process has created it meanwhile, open that."""
    try:
        file = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return os.open(path, flags)
    # other users must be able to lock it too, whatever the umask is
    os.fchmod(file, 0o644)
    return file
