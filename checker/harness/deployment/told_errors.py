"""The learner's own error in the log of a server that runs without the probe."""

from __future__ import annotations

from dataclasses import replace

from checker.harness import tracebacks
from checker.harness.findings import NotYet
from checker.harness.run import Run

_EXPLAINED = frozenset({"server-exited", "server-never-answered"})


def explained(silent: NotYet, log: str, run: Run) -> NotYet:
    """The finding of a server that did not come up, by the error its log tells of; the same when it tells of none."""
    told = tracebacks.first(log, run.project, run.given)
    if silent.finding.code not in _EXPLAINED or told is None:
        return silent
    code = "import-error" if told.is_of_import else "server-exited"
    return NotYet(replace(silent.finding, code=code, saw=told.error, where=told.where))
