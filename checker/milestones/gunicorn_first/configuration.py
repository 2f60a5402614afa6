"""What the learner's gunicorn.conf.py comes to, and a start by it as a platform would make it: with variables alone."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from checker.harness import starters, tracebacks
from checker.harness.gate import Gate
from checker.harness.gunicorn.workers import Configuration, read_configuration, start_printing_configuration
from checker.harness.lines import line_matching
from checker.harness.probed import probed
from checker.harness.processes import Process
from checker.harness.run import Run
from checker.harness.site import SelfBound
from checker.harness.tracebacks import Traceback
from course.model import SourceLine

# Only failing solutions wait these out.
GENEROUS_S = 20.0
SURE_S = 3.0
CONF = "gunicorn.conf.py"
SETTINGS = "office/settings.py"

MOST_WORKERS = 3
MOST_CALLS = 24

WORKER_TIMEOUT_S = 20
THEATRE_TIMEOUT_S = 45
SHORT_S = 1.2  # with a fraction: the seconds of the theatre may have one
# A second deployment: what is a constant does not follow, and what is not set has its default.
OTHER_THEATRE_TIMEOUT_S = 137.5
DEFAULT_WORKER_TIMEOUT_S = 30
DEFAULT_BINDS = ("127.0.0.1:8000", "localhost:8000")
# Nobody listens here: it is only printed.
PRINTED_BIND = "127.0.0.1:19999"
KEY = "a key for these checks only"
# Where the question is only whether it boots: each worker more would load Django to say the same.
ONE_WORKER = ("--workers", "1")

Starter = starters.SelfBound


@dataclass(frozen=True, slots=True)
class Printed:
    """What gunicorn says the learner's configuration comes to."""

    settings: Mapping[str, str]
    workers: Configuration
    # The same with OTHER_THEATRE_TIMEOUT_S and without BIND and WORKER_TIMEOUT_S; empty when it could not be printed.
    elsewhere: Mapping[str, str]
    # The end of what gunicorn said when it could not read the file there, and the error in it.
    refusal: str
    error: Traceback | None

    def seconds(self, name: str) -> float:
        """A setting that is a number of seconds."""
        return float(self.settings[name])

    def seconds_elsewhere(self, name: str) -> float | None:
        """The same in the second deployment; None when that could not be printed."""
        return float(self.elsewhere[name]) if name in self.elsewhere else None

    @property
    def places(self) -> int | None:
        """How many requests all workers together have in hand; None for a worker class we do not know."""
        each = self.workers.slots_each
        return None if each is None else each * self.workers.workers


def variables(gate: Gate, **changed: str | None) -> dict[str, str]:
    """The environment that the lesson promises; a value of None leaves the variable out."""
    given: dict[str, str | None] = {
        "BIND": "127.0.0.1:{port}",
        "SECRET_KEY": KEY,
        "THEATRE_URL": gate.url,
        "THEATRE_TIMEOUT_S": str(THEATRE_TIMEOUT_S),
        "WORKER_TIMEOUT_S": str(WORKER_TIMEOUT_S),
        **changed,
    }
    return {name: value for name, value in given.items() if value is not None}


def print_configuration(run: Run, gate: Gate) -> Printed | None:
    """Have gunicorn print the learner's configuration; None when it cannot read it."""
    other = {"BIND": None, "WORKER_TIMEOUT_S": None, "THEATRE_TIMEOUT_S": str(OTHER_THEATRE_TIMEOUT_S)}
    both = (variables(gate, BIND=PRINTED_BIND), variables(gate, **other))
    here, elsewhere = [start_printing_configuration(run, CONF, environment) for environment in both]
    text, *_ = _printed(run, here)
    told_elsewhere, refusal, error = _printed(run, elsewhere)
    workers = read_configuration(text)
    if workers is None:
        return None
    return Printed(_settings(text), workers, _settings(told_elsewhere), refusal, error)


def start_gunicorn(
    start: Starter,
    run: Run,
    name: str,
    environment: Mapping[str, str],
    *,
    folder: Path,
    arguments: Sequence[str] = (),
) -> SelfBound:
    """Start gunicorn with the learner's file and no word about where to listen."""
    target, probing = probed(run, "office.wsgi:application", interface="wsgi")
    command = [
        sys.executable, "-P", "-m", "gunicorn",
        "--config", CONF,
        "--no-control-socket",
        *arguments,
        target,
    ]  # fmt: skip
    together = {**probing, "LEARN_PROJECT": str(folder), **environment}
    return start(name, command, environment=together, folder=folder)


def setting_line(folder: Path, name: str) -> SourceLine | None:
    """The line of gunicorn.conf.py that sets this; None when none does."""
    return line_matching(folder, CONF, [rf"\s*{name}\b.*="])


def _printed(run: Run, printing: Process) -> tuple[str, str, Traceback | None]:
    """What was printed; and its end and error when gunicorn has ended and printed no configuration."""
    try:
        code = printing.wait(GENEROUS_S)
        printing.log.wait_end(SURE_S)
    finally:
        printing.stop()
    # It always ends with an error: there is no app.
    text = printing.log.text
    is_refused = code is not None and read_configuration(text) is None
    if not is_refused:
        return text, "", None
    last_lines = "\n".join(f"  {line}" for line in printing.log.last_lines(4))
    return text, last_lines, tracebacks.first(text, run.project, run.given)


def _settings(printed: str) -> dict[str, str]:
    return dict(re.findall(r"^(\w+) += (.*)$", printed, re.MULTILINE))
