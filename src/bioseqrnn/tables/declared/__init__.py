"""Every file that passes between stages, declared once: name, columns, version, commands.

Readers, writers, the report's lists, the command line and docs/formats.md use these declarations.
A new file needs one ``Table`` in one of the modules, and a place in ``ALL``.
"""

from bioseqrnn.tables.declared import (
    data,
    evaluation,
    explanation,
    inspection,
    models,
    queries,
    scanning,
    variants,
)
from bioseqrnn.tables.declared.table import Column, Table

__all__ = ["ALL", "REPORTED", "Column", "Table"]

# in the order of docs/formats.md
ALL: tuple[Table, ...] = (
    data.SEQUENCES,
    data.INTAKE,
    data.FINDINGS,
    data.CHECKS,
    data.FLAGGED,
    data.FOLDS,
    data.LEAKS,
    models.PREDICTIONS,
    models.HISTORY,
    models.WORKER_TRIALS,
    models.TRIALS,
    models.CHOSEN,
    *evaluation.EVALUATED,
    evaluation.CURVES,
    evaluation.SELECTED,
    evaluation.RANDOM_FOLDS,
    evaluation.LEARNING_CURVE,
    models.GRADIENTS,
    *explanation.EXPLAINED,
    *explanation.MOTIF_TABLES,
    *explanation.CHECKED_TABLES,
    *inspection.MUTATED,
    inspection.MEMORY,
    models.QUERY_PREDICTIONS,
    *queries.QUERY_TABLES,
    variants.VARIANTS,
    scanning.SCAN_WINDOWS,
    scanning.SCAN_REGIONS,
    models.MATRIX,
    evaluation.FOLD_SIZES,
    evaluation.PROVENANCE,
)
# tables that the report writes to ``report/tables``, each as ``{name}.tsv``
REPORTED = tuple(table for table in ALL if table.in_report)
