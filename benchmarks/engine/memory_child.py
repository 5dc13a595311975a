"""Two training steps of one way; prints by how many MB the resident size rose.

python -m benchmarks.engine.memory_child bioseqrnn|torch CASE_AS_JSON
"""

from __future__ import annotations

import json
import sys

from benchmarks.encoding.memory_child import forget_peak, status

from .networks import SYMBOLS, Job, batch_of_dna, classifier, sizes


def main() -> None:
    """Warm up on a tiny batch, take two steps on the real one."""
    way, case = sys.argv[1], json.loads(sys.argv[2])
    cell, hidden, length, batch = sizes(case)
    job = Job(classifier(way, cell, hidden, SYMBOLS), *batch_of_dna(2, 3))
    for x, y in ((job.x, job.y), batch_of_dna(batch, length)):
        job.x, job.y = x, y
        forget_peak()
        before = status("VmRSS")
        job.train()
        job.train()
    print(status("VmHWM") - before)


if __name__ == "__main__":
    main()
