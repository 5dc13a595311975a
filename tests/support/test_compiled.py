"""What is compiled on its first call, and what it costs before."""

import subprocess
import sys

import pytest

COMMANDS = {
    "evaluation": "bioseqrnn.stages.evaluation.run",
    "report": "bioseqrnn.stages.report.run",
    "baselines": "bioseqrnn.stages.baselines.run",
    "gate": "bioseqrnn.stages.audit.gate",
}


@pytest.mark.parametrize("module", COMMANDS.values(), ids=COMMANDS)
def test_numba_is_not_imported_before_a_kernel_is_called(module):
    script = f"import sys, {module}; print('numba' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_kernels_call_kernels(tmp_path):
    source = tmp_path / "kernels.py"
    source.write_text(
        "from bioseqrnn.support.compiled import compiled\n"
        "@compiled\n"
        "def double(x):\n    'Twice.'\n    return 2 * x\n"
        "@compiled\n"
        "def sum_of_doubles(n):\n"
        "    total = 0\n"
        "    for i in range(n):\n        total += double(i)\n"
        "    return total\n"
    )
    script = (
        "import kernels, os\n"
        "assert kernels.double.__doc__ == 'Twice.' and kernels.double.__name__ == 'double'\n"
        "print(kernels.sum_of_doubles(10), kernels.double(1.5), len(os.listdir('__pycache__')))\n"
        "stats = kernels.sum_of_doubles.dispatcher.stats\n"
        "print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))\n"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for _ in range(2)
    ]
    # compiled once, read from the disk after that
    assert runs[0][:2] == runs[1][:2] == ["90", "3.0"]
    assert [run[3:] for run in runs] == [["0", "1"], ["1", "0"]]
