# One run at a time writes a folder of results. Snakemake locks the working directory only, and two
# of them may name one folder in `results:`.
import socket

RESULTS_LOCK = Path(RESULTS) / ".lock"
THIS_RUN = {
    "folder": os.getcwd(),
    "host": socket.gethostname(),
    "process": os.getpid(),
}


def lock_results():
    """Claim the folder, or end with one line that says who has it."""
    # the processes of jobs read this file too
    if elsewhere(RESULTS) or not workflow.is_main_process:
        return
    RESULTS_LOCK.parent.mkdir(parents=True, exist_ok=True)
    mine = json.dumps(THIS_RUN | {"user": os.environ.get("USER", os.getuid())})
    try:
        with open(RESULTS_LOCK, "x", encoding="utf-8") as handle:
            handle.write(mine)
    except FileExistsError:
        try:
            other = json.loads(RESULTS_LOCK.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            other = {"folder": "a folder that it does not name"}
        if other["folder"] != THIS_RUN["folder"]:
            stop(
                f"{RESULTS}: the run in {other['folder']} (by {other.get('user')} on "
                f"{other.get('host')}, process {other.get('process')}) writes there; wait for it, "
                f"choose another 'results', or, if it was killed, remove {RESULTS_LOCK}"
            )
        # left by a run that was killed: Snakemake lets only one run into a working directory
        RESULTS_LOCK.write_text(mine, encoding="utf-8")


def unlock_results():
    """Give it back, if it is ours."""
    if not workflow.is_main_process:
        return
    try:
        if (
            json.loads(RESULTS_LOCK.read_text(encoding="utf-8"))["folder"]
            == os.getcwd()
        ):
            RESULTS_LOCK.unlink()
    except (OSError, ValueError, KeyError):
        pass


onstart:
    lock_results()


onsuccess:
    unlock_results()


onerror:
    unlock_results()
