"""Two training steps of one way; prints by how many MB the resident size rose.

python -m benchmarks.engine.memory_child bioseqrnn|torch CASE_AS_JSON
"""

from __future__ import annotations

import json
import sys

from benchmarks.encoding.memory_child import forget_peak, status

from .networks import SYMBOLS, Job, batch_of_codes, classifier, one_hot, sizes


def main() -> None:
    """Warm up on a tiny batch, take two steps on the real one."""
    way, case = sys.argv[1], json.loads(sys.argv[2])
    cell, hidden, length, batch = sizes(case)
    job = Job(
        classifier(way, cell, hidden, SYMBOLS, codes=way == "bioseqrnn"), *batch_of_codes(2, 3)
    )
    codes, y = batch_of_codes(batch, length)
    for x, labels in ((job.x, job.y), (codes, y)):
        job.x, job.y = (x if way == "bioseqrnn" else one_hot(x)), labels
        forget_peak()
        before = status("VmRSS")
        job.train()
        job.train()
    print(status("VmHWM") - before)


if __name__ == "__main__":
    main()
