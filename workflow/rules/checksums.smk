# Inputs are tracked by content: a changed FASTA reruns its branch whatever its time stamp says, and
# a touched one reruns nothing. Sums are cached by path, size and times, so that a large file is read
# once, not at every start.
import atexit
import hashlib
import os

CHECKSUM_CACHE = Path(".snakemake") / "bioseqrnn-checksums.json"


def load_checksums():
    try:
        return json.loads(CHECKSUM_CACHE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def save_checksums():
    if checksums == checksums_on_disk:
        return
    temporary = CHECKSUM_CACHE.with_suffix(f".{os.getpid()}.tmp")
    try:
        CHECKSUM_CACHE.parent.mkdir(exist_ok=True)
        temporary.write_text(json.dumps(checksums), encoding="utf-8")
        temporary.replace(CHECKSUM_CACHE)
    except OSError:
        # only a cache: where it cannot be kept, sums are computed again
        temporary.unlink(missing_ok=True)


checksums = load_checksums()
checksums_on_disk = dict(checksums)
atexit.register(save_checksums)


def as_input(path):
    """A file of the user; watched by its sum, and only in remote storage by its time stamp."""
    if "://" in path:
        return storage(path)
    return path if elsewhere(path) else ancient(path)


def checksum(path):
    """SHA-256 of a file's content; what is elsewhere is not fetched for that."""
    if elsewhere(path):
        return "by time"
    stat = os.stat(path)
    key = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]
    name = os.path.abspath(path)
    known = checksums.get(name)
    if known is None or known[:3] != key:
        with open(path, "rb") as handle:
            checksums[name] = [*key, hashlib.file_digest(handle, "sha256").hexdigest()]
    return checksums[name][3]


def combined(sums):
    """One sum of several, in their order."""
    return hashlib.sha256(" ".join(sums).encode()).hexdigest()
