"""The tasks (kinds of labels): targets, loss, activation and first metrics of each task.

All code between the labels and the metrics uses the task object, and no other code depends on the
names of tasks. ``task_of(metadata["task"])`` returns it without importing torch; ``losses`` is the
part for training.
"""

from bioseqrnn.tasks.task import TASKS, Task, task_of
from bioseqrnn.tasks.truth import PositionTruth, Truth

__all__ = ["TASKS", "PositionTruth", "Task", "Truth", "task_of"]
