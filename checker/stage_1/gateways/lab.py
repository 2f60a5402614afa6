"""The lab, seen from the checks: how the learner's process finds inside/gateway_lab.py, and what that tells."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from checker.harness.gate import Gate
from checker.harness.history import Event
from checker.harness.http import ANSWER_DEADLINE_S
from checker.harness.idle import Rest
from checker.harness.run import Run
from checker.harness.server import PROBE_FOLDER
from checker.harness.site import Site
from checker.harness.waiting import wait_until
from checker.stage_1.gateways.kinds import Kind
from course.model import SourceLine

_T = TypeVar("_T")

SOON_S = 0.5  # what comes at all comes by then, nearly always: only after it is the server looked at
# So long all of a server sleep before it is said to stand still. Who was woken does not sleep, whatever the load.
STILL_S = 0.3
INSIDE = Path(__file__).with_name("inside")


def lab_environment(run: Run, gate: Gate) -> dict[str, str]:
    """The variables by which the learner's process finds our lab, the probe's journal and the Gate."""
    folder = run.temporary / "lab"
    folder.mkdir(exist_ok=True)
    for module in INSIDE.glob("gateway_lab*.py"):
        shutil.copy(module, folder)
    return {
        "PYTHONPATH": os.pathsep.join([str(PROBE_FOLDER), str(folder)]),
        "LEARN_PROBE": str(run.history.probe_socket),
        "LEARN_PROJECT": str(run.project),
        "LEARN_GIVEN": os.pathsep.join(sorted(run.given)),
        "UPSTREAM_URL": gate.url,
    }


def wait_told(
    site: Site, kind: StrEnum, *, since: float, deadline_s: float = ANSWER_DEADLINE_S, **facts: Any
) -> Event | None:
    """What the lab told from inside this server, waited for; None at the deadline, or when the server rests."""

    def matches(event: Event) -> bool:
        return event["server"] == site.name and all(event[name] == value for name, value in facts.items())

    def told(deadline_s: float = 0.0) -> Event | None:
        return site.run.history.wait_for(kind, matches, since=since, deadline_s=deadline_s)

    return told(min(SOON_S, deadline_s)) or wait_until(told, deadline_s, unless_ended=Rest(site.process))


def wait_still(site: Site, unless: Callable[[], _T], deadline_s: float) -> _T:
    """Wait until this server stands still, so that nothing more comes of what has reached it; what `unless` says then.

    Ends before, as soon as that says yes, and at the deadline: some servers never stand still.
    """
    return wait_until(unless, deadline_s, unless_ended=Rest(site.process, STILL_S))


def called_from(site: Site, *, since: float, path: str = "") -> SourceLine | None:
    """The learner's line that called the app last since then, for pages that begin with this path."""
    events = site.run.history.events(Kind.LAB_ENTERED, since=since)
    lines = [e.where for e in events if e["server"] == site.name and str(e["path"]).startswith(path) and e.where]
    return lines[-1] if lines else None
