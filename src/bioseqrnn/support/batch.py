"""Connects Snakemake's executor ``cluster-generic`` to batch systems without their own executor.

``python -m bioseqrnn.support.batch submit pbs JOBSCRIPT`` prints the id of the job, and
``… status pbs ID`` prints running, success or failed. The profiles in ``workflow/profiles/pbs`` and
``sge`` use these commands.

A job writes its exit status into a file when it ends. A job that the batch system does not know,
and that has no such file, was killed: because of its memory or time, or with its node. The status
therefore does not depend on how long a site remembers jobs that have ended.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bioseqrnn.support.console import say

FOLDER = Path(".snakemake") / "batch"
# seconds to wait for a file that was written on a node to become visible here
LATENCY = (0, 2, 10)
# the signal that requests a checkpoint is sent this many seconds before the end
NOTICE = 60
# errors of qstat that mean that the job has ended; after other errors it is called again later
UNKNOWN_JOB = ("unknown job", "has finished")


def _pbs(job: dict[str, Any], name: str, output: Path) -> list[str]:
    """PBS Pro and OpenPBS, which send SIGTERM before SIGKILL by default."""
    res = job["resources"]
    chunk = f"select=1:ncpus={job['threads']}:mem={res['mem_mb']}mb"
    chunk += f":ngpus={res['gpu']}" if res.get("gpu") else ""
    limits = ["-l", chunk, "-l", f"walltime={res['runtime'] * 60}"]
    return [*_common(res, name, output, "oe"), *limits]


def _torque(job: dict[str, Any], name: str, output: Path) -> list[str]:
    res = job["resources"]
    node = f"nodes=1:ppn={job['threads']}" + (f":gpus={res['gpu']}" if res.get("gpu") else "")
    limits = f"{node},mem={res['mem_mb']}mb,walltime={res['runtime'] * 60}"
    return [*_common(res, name, output, "oe"), "-l", limits]


def _sge(job: dict[str, Any], name: str, output: Path) -> list[str]:
    """Grid Engine, which sends SIGUSR1 at the soft limit and SIGKILL at the hard limit."""
    res = job["resources"]
    seconds = res["runtime"] * 60
    limits = [f"h_rt={seconds}", f"s_rt={max(1, seconds - NOTICE)}", f"mem_free={res['mem_mb']}M"]
    limits += [f"gpu={res['gpu']}"] if res.get("gpu") else []
    slots = ["-pe", res.get("batch_pe", "smp"), str(job["threads"])] if job["threads"] > 1 else []
    return [
        "-terse",
        "-cwd",
        *_common(res, name, output, "y", "-S", "/bin/sh"),
        *slots,
        "-l",
        ",".join(limits),
    ]


DIALECTS: dict[str, Callable[[dict[str, Any], str, Path], list[str]]] = {
    "pbs": _pbs,
    "torque": _torque,
    "sge": _sge,
}


def _common(res: dict[str, Any], name: str, output: Path, join: str, *shell: str) -> list[str]:
    """Options for the name, queue, account and output file of a job."""
    # A job must not be restarted by the batch system: it would run at the same time as Snakemake's
    # next attempt. Grid Engine runs scripts with csh unless a shell is given.
    words = ["-N", name, "-j", join, "-o", str(output), "-r", "n", *shell]
    queue = res.get("batch_gpu_queue") if res.get("gpu") else None
    if queue or res.get("batch_queue"):
        words += ["-q", queue or res["batch_queue"]]
    if res.get("batch_account"):
        words += ["-A", res["batch_account"]]
    return words


def properties(jobscript: str) -> dict[str, Any]:
    """Return Snakemake's description of a job in its job script: threads, resources, rule."""
    with Path(jobscript).open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("# properties = "):
                found: dict[str, Any] = json.loads(line.removeprefix("# properties = "))
                return found
    raise SystemExit(f"{jobscript}: not a job script of Snakemake, which contains its properties")


def submit(dialect: str, jobscript: str) -> str:
    """Submit a job; return the id that the batch system gave it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    job = properties(jobscript)
    # short, and begins with a letter: all batch systems accept that
    name = f"b-{job.get('rule') or job.get('groupid') or 'job'}"[:15]
    path = (FOLDER / f"{uuid.uuid4().hex}.sh").absolute()
    ended = path.with_suffix(".exit")
    written = shlex.quote(str(ended))
    script = "\n".join(
        [
            "#!/bin/sh",
            f"cd {shlex.quote(str(Path.cwd()))} || exit",
            # signals that ask the training for a checkpoint must not end the shell around it
            "trap '' TERM USR1",
            # Python must not import a file such as yaml.py from the folder
            "export PYTHONSAFEPATH=1",
            f"bash {shlex.quote(str(Path(jobscript).absolute()))}",
            "code=$?",
            f"echo $code > {written}.new && mv {written}.new {written}",
            "exit $code",
            "",
        ]
    )
    path.write_text(script, encoding="utf-8")
    command = ["qsub", *DIALECTS[dialect](job, name, path.with_suffix(".out")), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr.strip() or done.stdout.strip() or "qsub failed")
    number = done.stdout.split()[-1]
    (FOLDER / f"{number}.job").write_text(str(ended), encoding="utf-8")
    return number


def status(dialect: str, number: str) -> str:
    """Return ``running`` (also for a waiting job), ``success`` or ``failed``.

    The files of a job that succeeded are removed from the folder, since its status is not requested
    again.
    """
    record = FOLDER / f"{number}.job"
    ended = Path(record.read_text(encoding="utf-8"))
    known = _sge_knows if dialect == "sge" else _pbs_knows
    if not ended.exists() and known(number):
        return "running"
    for seconds in LATENCY:
        time.sleep(seconds)
        if not ended.exists():
            continue
        if ended.read_text(encoding="utf-8").strip() != "0":
            return "failed"
        for path in (record, *(ended.with_suffix(suffix) for suffix in (".exit", ".out", ".sh"))):
            path.unlink(missing_ok=True)
        return "success"
    say(
        f"job {number} has ended without an exit status: it was killed because of its memory or "
        f"time, or its node failed; its output is in {ended.with_suffix('.out')}"
    )
    return "failed"


def _pbs_knows(number: str) -> bool:
    """Whether a job waits or runs, according to PBS or Torque."""
    done = subprocess.run(["qstat", "-f", number], capture_output=True, text=True, check=False)
    if done.returncode:
        return not any(words in done.stderr.lower() for words in UNKNOWN_JOB)
    lines = [line for line in done.stdout.splitlines() if "job_state" in line]
    states = [line.split("=")[1].strip() for line in lines]
    # C: completed in Torque, F: finished in PBS Pro
    return bool(states) and states[0] not in ("C", "F", "X")


def _sge_knows(number: str) -> bool:
    """Whether a job waits or runs, according to Grid Engine; a job in state E never will."""
    done = subprocess.run(["qstat"], capture_output=True, text=True, check=False)
    if done.returncode:
        return True
    rows = [line.split() for line in done.stdout.splitlines()]
    states = [row[4] for row in rows if len(row) > 4 and row[0] == number]
    if any("E" in state for state in states):
        subprocess.run(["qdel", number], capture_output=True, check=False)
        return False
    return bool(states)


def main() -> None:
    """Run ``submit`` or ``status``."""
    match sys.argv[1:]:
        case ["submit", dialect, jobscript] if dialect in DIALECTS:
            answer = submit(dialect, jobscript)
        case ["status", dialect, number] if dialect in DIALECTS:
            answer = status(dialect, number)
        case _:
            known = "|".join(DIALECTS)
            raise SystemExit(
                f"usage: python -m bioseqrnn.support.batch submit|status {known} SCRIPT|ID"
            )
    sys.stdout.write(f"{answer}\n")


if __name__ == "__main__":
    main()
