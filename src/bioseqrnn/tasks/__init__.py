"""What a label is: targets, loss, activation and first metrics of each task.

Everything between the labels and the metrics asks the task, and nothing else knows their names:
``task_of(metadata["task"])`` gives it, without importing torch; ``losses`` is the half that trains.
"""

from bioseqrnn.tasks.task import TASKS, Task, task_of
from bioseqrnn.tasks.truth import PositionTruth, Truth

__all__ = ["TASKS", "PositionTruth", "Task", "Truth", "task_of"]
