"""The function of each check, by name."""

from __future__ import annotations

from collections.abc import Callable

from bioseqrnn.stages.audit import collisions, properties
from bioseqrnn.stages.audit.audited import AuditedRecords, Finding
from bioseqrnn.tables.checks import CHECKS

MODULES = (collisions, properties)


def _look(name: str) -> Callable[[AuditedRecords], Finding]:
    """Return the function of a check, which has the same name."""
    found: Callable[[AuditedRecords], Finding] = next(
        getattr(module, name) for module in MODULES if hasattr(module, name)
    )
    return found


LOOKS = {name: _look(name) for name in CHECKS}
