"""Who does what: tiles of a batch, jobs of threads, threads of a process."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from waiting import LIMIT

from bioseqrnn.networks.engine.plan import TILE, cut, run, share


@given(st.lists(st.integers(1, 60), min_size=1, max_size=4 * TILE))
def test_tiles_are_the_batch(numbers):
    lengths = np.array(numbers)
    tiles = cut(lengths)
    assert sorted(tiles.order) == list(range(len(lengths)))
    assert (tiles.lengths == lengths[tiles.order]).all()
    assert (np.diff(tiles.lengths) <= 0).all()
    sizes = np.diff(tiles.starts)
    assert (tiles.starts[0], tiles.starts[-1]) == (0, len(lengths))
    assert (sizes[:-1] == TILE).all()
    assert 0 < sizes[-1] <= TILE
    assert tiles.rows[0] == 0
    for tile, rows in enumerate(np.diff(tiles.rows)):
        assert rows == tiles.lengths[tiles.starts[tile] : tiles.starts[tile + 1]].sum()


@given(st.lists(st.integers(1, 3), min_size=1, max_size=3 * TILE))
def test_sequences_of_a_length_keep_their_order(numbers):
    tiles = cut(np.array(numbers))
    for length in set(numbers):
        assert (np.diff(tiles.order[tiles.lengths == length]) > 0).all()


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=50), st.integers(1, 70))
def test_jobs_are_dealt_fairly(weights, threads):
    jobs = np.array(weights)
    shares = share(jobs, threads)
    assert len(shares) == min(threads, len(jobs))
    assert sorted(np.concatenate(shares)) == list(range(len(jobs)))
    assert all(len(dealt) for dealt in shares)
    # nobody can do better than either of these
    optimum = max(jobs.max(), jobs.sum() / threads)
    assert max(jobs[dealt].sum() for dealt in shares) <= 2 * optimum
    assert [list(dealt) for dealt in share(jobs, threads)] == [list(dealt) for dealt in shares]


@pytest.mark.parametrize("count", [1, 2, 5, 3])
def test_tasks_run_side_by_side(count):
    """Each waits for all others; the first is run by who asks."""
    meeting, names = threading.Barrier(count), []

    def task():
        meeting.wait(timeout=LIMIT)
        names.append(threading.current_thread())

    run([task] * count)
    assert len(set(names)) == count
    assert threading.current_thread() in names


def test_tasks_of_several_callers():
    """A caller that needs more threads does not take those of another one."""
    done = []

    def call(count):
        for _ in range(50):
            run([lambda: done.append(count)] * count)

    callers = [threading.Thread(target=call, args=(count,)) for count in (2, 3, 4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert sorted(done) == [2] * 100 + [3] * 150 + [4] * 200


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_task_that_fails_is_reported_once_all_are_done(place):
    done = []

    def fail():
        raise ZeroDivisionError

    def work():
        time.sleep(0.1)
        done.append(1)

    tasks = [work] * 3
    tasks[place] = fail
    with pytest.raises(ZeroDivisionError):
        run(tasks)
    assert len(done) == 2


FORK = """
import os, torch
from bioseqrnn.networks.recurrent import GRU
torch.set_num_threads(3)
torch.manual_seed(1)
layer, x = GRU(4, 16, bidirectional=True), torch.randn(100, 6, 4)
def numbers():
    output, _ = layer(x)
    output.sum().backward()
    found = [output.detach(), layer.weight_hh_l0.grad.clone()]
    layer.zero_grad()
    return [tensor.numpy().tobytes() for tensor in found]
before = numbers()
child = os.fork()
if child == 0:
    # torch's own threads do not outlive a fork
    os._exit(0 if numbers() == before else 3)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status), numbers() == before)
"""


def test_threads_after_a_fork():
    done = subprocess.run(
        [sys.executable, "-c", FORK], capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert done.stdout.split() == ["0", "True"], done.stderr
