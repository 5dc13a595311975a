# Only one run at a time may write to a folder of results. Snakemake locks only working directories,
# and two of these may name one folder in `results:`. In two containers, one path may also mean two
# folders. So a working directory is identified by a random word written into it, and a process by
# the boot and the process namespace of its machine, its number and its start time. A lock file is
# complete when it appears: it is made as a hard link, which is atomic on NFS too.
import errno
import json
import socket
import stat
import uuid
from contextlib import suppress

RESULTS_LOCK = Path(RESULTS) / ".lock"
FOLDER_WORD = Path(".snakemake").absolute() / "bioseqrnn-folder"
# Linux's information on itself and its processes
KERNEL = Path(os.sep) / "proc"
# far more bytes than a lock file has
MOST_OF_LOCK = 100_000


def lock_results():
    """Lock the folder of results, or stop with one line that names the run that has it."""
    # the processes of jobs also run this code, but must not lock
    if elsewhere(RESULTS) or not workflow.is_main_process:
        return
    try:
        RESULTS_LOCK.parent.mkdir(parents=True, exist_ok=True)
        this_run.update(describe_run())
        while not link_lock():
            take_lock(*read_lock())
    except OSError as error:
        what = ": ".join(str(part) for part in (error.strerror, error.filename) if part)
        stop(f"{RESULTS}: results cannot be written there ({what})")


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
    """Identity of the working directory: a random word from its first run, and the file's inode."""
    if not FOLDER_WORD.exists():
        FOLDER_WORD.parent.mkdir(exist_ok=True)
        new = FOLDER_WORD.with_name(f"{FOLDER_WORD.name}.{uuid.uuid4().hex}")
        new.write_text(uuid.uuid4().hex, encoding="utf-8")
        new.replace(FOLDER_WORD)
    # a copy of the folder has the same word, but the file has another inode
    return f"{FOLDER_WORD.read_text(encoding='utf-8')[:64]} {FOLDER_WORD.stat().st_ino}"


def machine():
    """Identity of the running kernel and of its namespace of process numbers; None if unknown."""
    with suppress(OSError):
        boot = (KERNEL / "sys/kernel/random/boot_id").read_text(encoding="ascii")
        return f"{boot.strip()} {os.readlink(KERNEL / 'self/ns/pid')}"
    return None


def start_of(process):
    """Start time of a process (None: unknown); a later process with its number has another one."""
    with suppress(OSError, IndexError):
        about = (KERNEL / str(process) / "stat").read_text("utf-8", "replace")
        # after the name, which may contain spaces
        return about.rpartition(")")[2].split()[19]
    return None


def link_lock():
    """Create the complete lock file; return False if there is one already."""
    whole = RESULTS_LOCK.with_name(f".lock.{this_run['run']}")
    try:
        whole.write_text(json.dumps(this_run), encoding="utf-8")
        os.link(whole, RESULTS_LOCK)
    except FileExistsError:
        # NFS may also report this if it has made the link but its answer was lost
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
    """Return the content of the lock ({} if it is not readable), and its text."""
    try:
        file = os.open(RESULTS_LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        # removed meanwhile
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
    # left by a run that stopped because the disk was full when it wrote the lock
    return {}, text


def refuse_lock():
    stop(f"{RESULTS_LOCK}: was not written by a run; remove it")


def take_lock(other, text):
    """Remove the lock of a run that has ended; stop if that run may still be running."""
    if other is None:
        return
    if other and not is_over(other):
        said = {
            key: str(other.get(key))[:200]
            for key in ("folder", "user", "host", "process")
        }
        stop(
            f"{RESULTS}: the run in {said['folder']} (by {said['user']} on {said['host']}, "
            f"process {said['process']}) writes there; wait for it, choose another 'results', or "
            f"remove {RESULTS_LOCK} if that run was killed"
        )
    aside = RESULTS_LOCK.with_name(f".lock.{uuid.uuid4().hex}")
    try:
        RESULTS_LOCK.rename(aside)
    except FileNotFoundError:
        return
    if aside.read_bytes()[:MOST_OF_LOCK] != text:
        # another run was faster: this is its new lock, which is restored
        with suppress(FileExistsError):
            os.link(aside, RESULTS_LOCK)
    aside.unlink()


def is_over(other):
    """Whether it is certain that the run that holds a lock has ended."""
    if "word" not in other:
        # lock of an earlier version
        return other.get("folder") == this_run["folder"]
    if other.get("machine") and other["machine"] == this_run["machine"]:
        return start_of(other.get("process")) != other.get("started")
    # Snakemake allows only one run at a time in a working directory
    return other["word"] == this_run["word"]


def unlock_results():
    """Remove the lock, if it belongs to this run."""
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
