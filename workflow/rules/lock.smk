# One run at a time writes a folder of results. Snakemake locks the working directory only, and two
# of them may name one folder in `results:`. Two containers may also call two folders by one path, so
# that a folder is known by a word that is written into it, and a process by its machine, since when
# this is up, and what numbers its processes have been given. A lock appears with all it says, by a
# link, which is atomic on NFS too.
import errno
import json
import socket
import stat
import uuid
from contextlib import suppress

RESULTS_LOCK = Path(RESULTS) / ".lock"
FOLDER_WORD = Path(".snakemake").absolute() / "bioseqrnn-folder"
# what Linux says of itself and of its processes
KERNEL = Path(os.sep) / "proc"
# far more than a lock says
MOST_OF_LOCK = 100_000


def lock_results():
    """Claim the folder, or end with one line that says who has it."""
    # the processes of jobs read this file too
    if elsewhere(RESULTS) or not workflow.is_main_process:
        return
    try:
        RESULTS_LOCK.parent.mkdir(parents=True, exist_ok=True)
        this_run.update(describe_run())
        while not link_lock():
            take_lock(*read_lock())
    except OSError as error:
        what = ": ".join(str(part) for part in (error.strerror, error.filename) if part)
        stop(f"{RESULTS}: no results can be written there ({what})")


this_run = {}


def describe_run():
    return {
        "folder": os.getcwd(),
        "word": folder_word(),
        "host": socket.gethostname(),
        "user": str(os.environ.get("USER", os.getuid())),
        "process": os.getpid(),
        "started": start_of(os.getpid()),
        "machine": machine(),
        "run": uuid.uuid4().hex,
    }


def folder_word():
    """What no other folder has: a word that its first run has drawn, and the place of that file."""
    if not FOLDER_WORD.exists():
        FOLDER_WORD.parent.mkdir(exist_ok=True)
        new = FOLDER_WORD.with_name(f"{FOLDER_WORD.name}.{uuid.uuid4().hex}")
        new.write_text(uuid.uuid4().hex, encoding="utf-8")
        new.replace(FOLDER_WORD)
    # a copy of the folder has the word too, but not in the same place
    return f"{FOLDER_WORD.read_text(encoding='utf-8')[:64]} {FOLDER_WORD.stat().st_ino}"


def machine():
    """One running kernel and, in a container, what it shows of its processes; None if unknown."""
    with suppress(OSError):
        boot = (KERNEL / "sys/kernel/random/boot_id").read_text(encoding="ascii")
        return f"{boot.strip()} {os.readlink(KERNEL / 'self/ns/pid')}"
    return None


def start_of(process):
    """When a process was started, which tells it from a later one of its number; None if unknown."""
    with suppress(OSError, IndexError):
        about = (KERNEL / str(process) / "stat").read_text("utf-8", "replace")
        # behind the name, which may have blanks
        return about.rpartition(")")[2].split()[19]
    return None


def link_lock():
    """Make the lock, whole; whether there was none."""
    whole = RESULTS_LOCK.with_name(f".lock.{this_run['run']}")
    try:
        whole.write_text(json.dumps(this_run), encoding="utf-8")
        os.link(whole, RESULTS_LOCK)
    except FileExistsError:
        # NFS may say so of a link that it has made, when the answer was lost
        return whole.stat().st_nlink > 1
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
        # a file system without links
        if os.path.lexists(RESULTS_LOCK):
            return False
        whole.rename(RESULTS_LOCK)
    finally:
        with suppress(OSError):
            whole.unlink()
    return True


def read_lock():
    """What the lock says, {} where that is nothing that can be read, and its text."""
    try:
        file = os.open(RESULTS_LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        # given back meanwhile
        return None, b""
    except OSError:
        refuse_lock()
    with open(file, "rb") as handle:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            refuse_lock()
        text = handle.read(MOST_OF_LOCK)
    with suppress(ValueError, RecursionError):
        said = json.loads(text)
        if isinstance(said, dict):
            return said, text
    # of a run that had no room to write more, and so did not go on
    return {}, text


def refuse_lock():
    stop(f"{RESULTS_LOCK}: is not a file that a run has made; remove it")


def take_lock(other, text):
    """Put the lock of a run that has ended out of the way, or end where it may go on."""
    if other is None:
        return
    if other and not is_over(other):
        said = {
            key: str(other.get(key))[:200]
            for key in ("folder", "user", "host", "process")
        }
        stop(
            f"{RESULTS}: the run in {said['folder']} (by {said['user']} on {said['host']}, "
            f"process {said['process']}) writes there; wait for it, choose another 'results', or, "
            f"if it was killed, remove {RESULTS_LOCK}"
        )
    aside = RESULTS_LOCK.with_name(f".lock.{uuid.uuid4().hex}")
    try:
        RESULTS_LOCK.rename(aside)
    except FileNotFoundError:
        return
    if aside.read_bytes()[:MOST_OF_LOCK] != text:
        # another run was quicker: that is its new lock
        with suppress(FileExistsError):
            os.link(aside, RESULTS_LOCK)
    aside.unlink()


def is_over(other):
    """Whether the run that holds a lock has ended for certain."""
    if "word" not in other:
        # of an earlier version
        return other.get("folder") == this_run["folder"]
    if other.get("machine") and other["machine"] == this_run["machine"]:
        return start_of(other.get("process")) != other.get("started")
    # Snakemake lets only one run into a working directory
    return other["word"] == this_run["word"]


def unlock_results():
    """Give it back, if it is ours."""
    if not this_run:
        return
    with suppress(OSError):
        other, _ = read_lock()
        if other and other.get("run") == this_run["run"]:
            RESULTS_LOCK.unlink()


onstart:
    lock_results()


onsuccess:
    unlock_results()


onerror:
    unlock_results()
