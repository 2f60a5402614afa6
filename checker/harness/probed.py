"""How the probe gets into a server: the server is given our wrapper, the wrapper is told the learner's app.

And whether it is still there: a verdict that rests on what it tells must not rest on its silence.
"""

from __future__ import annotations

from typing import Literal

from checker.harness.events import EventKind
from checker.harness.history import Event, History
from checker.harness.run import Run
from checker.harness.server import PROBE_FOLDER
from checker.harness.site import APP_VARIABLE
from course.model import Finding

HEARD_DEADLINE_S = 2.0
ANSWERS_OF_AN_APP = range(200, 400)


def probed(run: Run, app: str, *, interface: Literal["wsgi", "asgi"]) -> tuple[str, dict[str, str]]:
    """The app to name on the server's command line, and the variables that lead the probe to `app`."""
    variables = {
        "PYTHONPATH": str(PROBE_FOLDER),
        APP_VARIABLE: app,
        "LEARN_PROBE": str(run.history.probe_socket),
        "LEARN_PROJECT": str(run.project),
    }
    return f"learn_probe.{interface}:application", variables


def silence(history: History, *, since: float) -> Finding | None:
    """The finding for a server that has answered since then, and whose probe has told of none of it; else None.

    Only answers count that no server gives by itself. One request that is told of will do: a worker that is killed
    takes with it what it has not told yet.
    """
    for site in history.events(EventKind.SITE_PROBED):
        answered = _answered(history, site["port"], since)
        if answered and not _is_heard(history, answered, since):
            requests = "1 request" if len(answered) == 1 else f"{len(answered)} requests"
            return Finding(
                code="probe-silent",
                wanted="the course sees from inside your server what becomes of each request",
                saw=f"{site['server']} answered {requests}, and the probe beside your code told of none",
            )
    return None


def _answered(history: History, port: int, since: float) -> set[str]:
    sent = {e["request"] for e in history.events(EventKind.REQUEST_SENT, since=since) if e["port"] == port}
    answers = history.events(EventKind.REQUEST_ANSWERED, since=since)
    return {e["request"] for e in answers if e["request"] in sent and e["status"] in ANSWERS_OF_AN_APP}


def _is_heard(history: History, requests: set[str], since: float) -> bool:
    def is_one(event: Event) -> bool:
        return event["request"] in requests

    return history.wait_for(EventKind.APP_ENTERED, is_one, since=since, deadline_s=HEARD_DEADLINE_S) is not None
