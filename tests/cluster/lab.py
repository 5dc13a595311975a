"""A real SLURM cluster on the loopback address of one machine, for tests.

One munged, one slurmctld and three slurmd that each pretend to be a node; two of the nodes have
a pretended GPU. All files lie in one new folder of /tmp (paths of sockets must be short), nothing
of the system's own configuration is read or changed. The programs are Debian's packages
munge, slurmctld, slurmd and slurm-client; slurm-wlm-torque has the commands of Torque, a PBS,
for the same cluster.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

PACKAGES = ("munge", "slurmctld", "slurmd", "slurm-client", "slurm-wlm-torque")
DAEMONS = ("munged", "mungekey", "slurmctld", "slurmd", "slurmstepd")
CLIENTS = ("sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo", "qsub", "qstat", "qdel")
# where Debian keeps daemons, which the path of a user may lack
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
NODES = ("node1", "node2", "node3")
WITH_GPU = ("node2", "node3")
CPUS, MEMORY = 2, 9000

CONF = """\
ClusterName=lab
SlurmctldHost={host}({address})
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.sock
{listen}
SlurmctldPort={port}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdPidFile={folder}/%n.pid
SlurmdLogFile={folder}/log/%n.log
SlurmdSpoolDir={folder}/spool/%n
StateSaveLocation={folder}/state
# without cgroups, which a container lacks: memory is sampled, and a job over its own is killed
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=300
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,bf_interval=2,sched_interval=2
PriorityType=priority/basic
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
JobRequeue=1
JobFileAppend=1
KillOnBadExit=1
MinJobAge=3600
KillWait=30
CompleteWait=0
InactiveLimit=0
OverTimeLimit=0
SlurmctldTimeout=60
SlurmdTimeout=15
ReturnToService=2
MailProg=/bin/true
SlurmdParameters=config_overrides
PropagateResourceLimitsExcept=MEMLOCK
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
GresTypes=gpu
{nodes}
PartitionName=main Nodes={all} Default=YES PriorityTier=10 MaxTime=1-0 PreemptMode=OFF
PartitionName=high Nodes={all} PriorityTier=100 MaxTime=1-0 PreemptMode=OFF
PartitionName=low Nodes={all} PriorityTier=1 MaxTime=1-0 PreemptMode=REQUEUE GraceTime=60
PartitionName=gpu Nodes={gpus} PriorityTier=10 MaxTime=1-0 PreemptMode=OFF
"""


def wanting() -> list[str]:
    """Programs of SLURM that this machine lacks."""
    return [name for name in (*DAEMONS, *CLIENTS) if shutil.which(name, path=PATH) is None]


def _free_ports(address: str, count: int) -> int:
    """First of so many ports, one after the other, that nothing listens on."""
    for first in range(17100, 31000, 50):
        sockets = []
        try:
            for port in range(first, first + count):
                held = socket.socket()
                sockets.append(held)
                held.bind((address, port))
        except OSError:
            continue
        finally:
            for held in sockets:
                held.close()
        return first
    raise RuntimeError("no free ports for a cluster")


class Cluster:
    """The daemons; use it in a ``with`` statement, which stops all of them.

    Attributes
    ----------
    env : dict
        Environment in which clients, and Snakemake, reach the cluster.
    folder : Path
        Configuration, logs (``log/``) and state.
    cpus : int
        Of each node.
    """

    cpus = CPUS

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bioseqrnn-slurm-", dir="/tmp"))
        self.folder.chmod(0o755)
        for name in ("log", "state", "bin", "dev", "munge", *(f"spool/{n}" for n in NODES)):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "munge").chmod(0o700)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM_", "PYTEST"))}
        self.env["SLURM_CONF"] = str(self.folder / "slurm.conf")
        self.env["PATH"] = f"{self.folder / 'bin'}:{PATH}"
        # the names of the pretended nodes resolve to nothing
        self.env |= {"MASTER_ADDR": "127.0.0.1", "GLOO_SOCKET_IFNAME": "lo"}
        self._write_conf()

    def __enter__(self) -> Cluster:
        try:
            self._start_munge()
            self.start_controller()
            for node in NODES:
                self.start_node(node)
            self.wait(self.all_idle, "the nodes to be idle")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # what tests ask and do

    def run(self, *words: object, timeout: float = 300) -> str:
        """Output of a client of SLURM."""
        done = subprocess.run(
            [str(word) for word in words], env=self.env, capture_output=True, text=True,
            timeout=timeout, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{' '.join(map(str, words))}: {done.stderr.strip()}")
        return done.stdout.strip()

    def jobs(self) -> list[dict[str, str]]:
        """Every job since the start: its id, state, partition, node, time limit, rule."""
        keys = ("job", "state", "partition", "node", "time", "comment")
        lines = self.run("squeue", "--states=all", "-h", "-o", "%i|%T|%P|%N|%l|%k").splitlines()
        return [dict(zip(keys, line.split("|"), strict=True)) for line in lines]

    def wait(self, ready: Callable[[], object], what: str, seconds: float = 400) -> None:
        """Wait until something is so."""
        end = time.monotonic() + seconds
        while True:
            try:
                if ready():
                    return
            except RuntimeError:
                pass
            if time.monotonic() > end:
                raise RuntimeError(f"waited {seconds} s for {what}\n{self._ends_of_logs()}")
            time.sleep(0.2)

    def stop_controller(self) -> None:
        """Kill slurmctld, as a crash of its machine would, once it has saved the jobs that run.

        It saves them within five seconds of a change, and would not know those of the last seconds.
        """
        starts = self.run("squeue", "--states=RUNNING", "-h", "-o", "%S").split()
        last = max((datetime.fromisoformat(text).timestamp() for text in starts), default=0.0)
        saved = self.folder / "state" / "job_state"
        self.wait(
            lambda: saved.stat().st_mtime > last + 1 or time.time() > last + 10,
            "slurmctld to save its jobs",
        )
        self._kill("slurmctld", signal.SIGKILL)

    def start_controller(self) -> None:
        """Start slurmctld; it knows the jobs from its state."""
        self._daemon("slurmctld", "-f", self.env["SLURM_CONF"])
        self.wait(lambda: "UP" in self.run("scontrol", "ping"), "slurmctld")

    def start_node(self, node: str) -> None:
        """Start the daemon of a node."""
        self._daemon("slurmd", "-N", node, "-f", self.env["SLURM_CONF"])

    def lose_node(self, node: str) -> None:
        """Kill the daemon of a node and all that runs there, as if its power failed."""
        self._kill(node, signal.SIGKILL)
        for pid in self._processes_of(node):
            kill(pid)

    def stop(self) -> None:
        """End all jobs, all daemons and what jobs have left behind; remove the folder."""
        subprocess.run(
            ["scancel", f"--user={getpass.getuser()}"], env=self.env, capture_output=True,
            timeout=300, check=False,
        )  # fmt: skip
        for name in (*NODES, "slurmctld", "munged"):
            self._kill(name, signal.SIGTERM)
        for node in NODES:
            for pid in self._processes_of(node):
                kill(pid)
        shutil.rmtree(self.folder, ignore_errors=True)

    # how it is done

    def _write_conf(self) -> None:
        host = socket.gethostname().split(".")[0]
        try:
            address = socket.gethostbyname(socket.gethostname())
        except OSError:
            address = ""
        loopback = address.startswith("127.")
        # the daemons look their address up by the machine's name: only where that is loopback
        # can they be told to listen nowhere else
        listen = "CommunicationParameters=NoCtldInAddrAny,NoInAddrAny" if loopback else ""
        address = address if loopback else "127.0.0.1"
        port = _free_ports(address, len(NODES) + 2)
        lines = []
        for number, node in enumerate(NODES, start=1):
            gpu = " Gres=gpu:fake:1" if node in WITH_GPU else ""
            lines.append(
                f"NodeName={node} NodeHostname={host} NodeAddr={address} Port={port + number} "
                f"CPUs={CPUS} RealMemory={MEMORY}{gpu} State=UNKNOWN"
            )
        text = CONF.format(
            host=host, address=address, user=getpass.getuser(), folder=self.folder, port=port,
            listen=listen, nodes="\n".join(lines), all=",".join(NODES), gpus=",".join(WITH_GPU),
        )  # fmt: skip
        (self.folder / "slurm.conf").write_text(text)
        # slurmd wants a device file; nothing opens it
        (self.folder / "dev" / "nvidia0").symlink_to("/dev/null")
        (self.folder / "gres.conf").write_text(
            f"AutoDetect=off\nNodeName={','.join(WITH_GPU)} Name=gpu Type=fake "
            f"File={self.folder}/dev/nvidia0\n"
        )
        # Snakemake's executor takes every SLURM_* variable, SLURM_CONF too, from what it starts
        # inside a job; these clients know it
        for name in CLIENTS:
            script = self.folder / "bin" / name
            real = shutil.which(name, path=PATH)
            conf = self.env["SLURM_CONF"]
            script.write_text(f'#!/bin/sh\nSLURM_CONF={conf} exec {real} "$@"\n')
            script.chmod(0o755)

    def _start_munge(self) -> None:
        key = self.folder / "munge" / "munge.key"
        self._daemon("mungekey", "--create", f"--keyfile={key}")
        key.chmod(0o600)
        self._daemon(
            "munged", f"--key-file={key}", f"--socket={self.folder}/munge.sock",
            f"--pid-file={self.folder}/munged.pid", f"--log-file={self.folder}/log/munged.log",
            f"--seed-file={self.folder}/munge/munged.seed", "--num-threads=2",
        )  # fmt: skip
        munge = ["munge", "-S", f"{self.folder}/munge.sock", "-n"]
        self.wait(lambda: self.run(*munge), "munged")

    def _daemon(self, *words: str) -> None:
        """Run a program that goes into the background by itself; pipes would be kept open."""
        with (self.folder / "log" / "start.log").open("a") as log:
            subprocess.run(
                words, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                timeout=300, check=True,
            )  # fmt: skip

    def all_idle(self) -> bool:
        states = self.run("sinfo", "-h", "-N", "-p", "main", "-o", "%t").split()
        return states == ["idle"] * len(NODES)

    def _kill(self, name: str, number: signal.Signals) -> None:
        path = self.folder / f"{name}.pid"
        try:
            pid = int(path.read_text())
            os.kill(pid, number)
        except (OSError, ValueError):
            return
        for _ in range(100):
            if not _alive(pid):
                break
            time.sleep(0.1)
        else:
            kill(pid)
        path.unlink(missing_ok=True)

    def _processes_of(self, node: str) -> list[int]:
        """Steps of a node, and what they have started."""
        found = []
        files = (f"{self.folder}/spool/{node}", f"{self.folder}/log/{node}.log")
        for path in Path("/proc").glob("[0-9]*"):
            try:
                environ = (path / "environ").read_bytes().split(b"\0")
                started = (path / "exe").readlink().name.startswith("slurmstepd")
                opened = [str(fd.readlink()) for fd in (path / "fd").iterdir()] if started else []
            except OSError:
                continue
            ours = f"SLURM_CONF={self.folder}/slurm.conf".encode() in environ
            mine = f"SLURMD_NODENAME={node}".encode() in environ
            if (ours and mine) or any(name.startswith(files) for name in opened):
                found.append(int(path.name))
        return found

    def _ends_of_logs(self) -> str:
        logs = sorted((self.folder / "log").glob("*.log"))
        return "\n".join(f"{p.name}: {p.read_text(errors='replace')[-600:]}" for p in logs)


def _alive(pid: int) -> bool:
    """Whether a process runs; one that has ended may still wait for its parent to notice."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False


def kill(pid: int) -> None:
    """Kill a process that may be gone already."""
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)
