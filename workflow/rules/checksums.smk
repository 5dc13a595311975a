# Inputs are tracked by content: a changed FASTA file reruns its branch whatever its time stamp is,
# and a new time stamp alone reruns nothing. Checksums are cached by path, size and times, so that a
# large file is read once, not at every start.
import atexit
import functools
import hashlib
import os
import sys

from snakemake.settings.enums import RerunTrigger

CHECKSUM_CACHE = Path(".snakemake").absolute() / "bioseqrnn-checksums.json"


def load_checksums():
    try:
        known = json.loads(CHECKSUM_CACHE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def save_checksums():
    if checksums == checksums_on_disk:
        return
    temporary = CHECKSUM_CACHE.with_suffix(f".{os.getpid()}.tmp")
    try:
        CHECKSUM_CACHE.parent.mkdir(exist_ok=True)
        # keep checksums that another module or job has added meanwhile
        known = load_checksums() | checksums
        temporary.write_text(json.dumps(known), encoding="utf-8")
        temporary.replace(CHECKSUM_CACHE)
    except OSError:
        # this is only a cache: if it cannot be written, checksums are computed again
        temporary.unlink(missing_ok=True)


checksums = load_checksums()
checksums_on_disk = dict(checksums)
atexit.register(save_checksums)


@functools.cache
def follows_parameters():
    """Whether Snakemake compares parameters, which include checksums of files and all settings.

    A run of this workflow always does, whatever its --rerun-triggers. If a workflow imports this
    one, they apply to other rules too and are kept. They are known only when jobs are planned.
    """
    triggers = workflow.rerun_triggers
    if RerunTrigger.PARAMS in triggers:
        return True
    names = " ".join(sorted(str(trigger) for trigger in triggers))
    if IMPORTED:
        what = (
            "a changed setting or row, or a changed file with an older time, does not update the "
            "results of bioseqrnn; add 'params'"
        )
    else:
        workflow.dag_settings.rerun_triggers = {*triggers, RerunTrigger.PARAMS}
        what = (
            "'params' is added, because files and settings are tracked by their content"
        )
    if workflow.is_main_process:
        sys.stderr.write(f"bioseqrnn: warning: --rerun-triggers {names}: {what}\n")
    return not IMPORTED


def as_input(path):
    """A file of the user, tracked by its checksum; in remote storage, by its time stamp."""
    if "://" in path:
        return storage(path)
    return ancient(path) if not elsewhere(path) and follows_parameters() else path


def checksum(path):
    """SHA-256 of a file's content; files in remote storage are not fetched for this."""
    if elsewhere(path):
        return "by time"
    stat = os.stat(path)
    key = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]
    name = os.path.abspath(path)
    known = checksums.get(name)
    if not isinstance(known, list) or known[:3] != key or len(known) != 4:
        with open(path, "rb") as handle:
            checksums[name] = [*key, hashlib.file_digest(handle, "sha256").hexdigest()]
    return checksums[name][3]


def combined(sums):
    """One checksum of several checksums, in their order."""
    return hashlib.sha256(" ".join(sums).encode()).hexdigest()
