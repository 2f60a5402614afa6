"""The lab of WSGI Middleware: a program in the learner's folder that tries both middlewares and prints JSON lines.

Started as `python -m` and this module's name, in a child of the checker's. Judges nothing.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checker.stage_2.wsgi_middleware.inside.places import Seen, caller, definition
from checker.stage_2.wsgi_middleware.inside.probe_app import CHUNKS, SLOW_S, WITH_GAP, App, ProbeApp
from checker.stage_2.wsgi_middleware.inside.rooms import ROOMS
from checker.stage_2.wsgi_middleware.inside.strict_server import StrictVisit

LEDGER, GATE = "AccessLedger", "MaintenanceGate"
PASSING_ON = (
    *("iter", "empty", "abort", "unpulled", "raise-first", "raise", "bad-iter", "fail", "exit", "bad-close"),
    *("write", "lazy", "exc", "slow", "closed-twice", "own-iterator", "generator"),
)
TURNS = ("interleaved", "same-id")
MOST_CHUNKS = {"abort": 1, "unpulled": 0}
LONG_ID = "long-" + "0123456789" * 20
ODD_ID = "Lab_ID.7;a=b/C+D~%20 'x' {Y}"
STUCK_S = 15.0


@dataclass(frozen=True, slots=True)
class Turns:
    """One of two requests in turns: they have nothing in common."""

    method: str
    status: str
    chunks: tuple[bytes, ...]


INTERLEAVED = {
    "A": Turns("GET", "200 OK", (b"AAA", b"AAA")),
    "B": Turns("POST", "201 Created", (b"BBBBB", b"BBBBB")),
}
# Through one gate, from the first to the last: whether the flag file exists, and how the visitor asks.
CLOSED_TO = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
GATE_VISITS = (
    (False, "GET"),
    *((True, method) for method in CLOSED_TO),
    (False, "POST"),
    (True, "GET"),
    (False, "GET"),
)


def main() -> None:
    """Try AccessLedger and MaintenanceGate in every scenario, one line each."""
    report = _private_stdout()
    flag = Path(os.environ["MAINTENANCE_FLAG"])
    _stand_in_the_project()
    lines = _listen_to_the_journal()

    def tell(**facts: Any) -> None:
        report.write(json.dumps({**facts, "lines": lines}) + "\n")
        report.flush()
        lines.clear()

    candidates = {
        name: getattr(importlib.import_module(module), name)
        for name, module in ((LEDGER, "mall.ledger"), (GATE, "mall.maintenance"))
    }
    for name, middleware in candidates.items():
        for scenario, visits in _scenarios(name, middleware, flag):
            tell(candidate=name, scenario=scenario, defined=definition(middleware), visits=visits)
    settings = importlib.import_module("mall.settings")
    tell(scenario="settings", middleware=list(settings.MIDDLEWARE))
    # Last of all, since here one request may wait for ever for what the other one keeps.
    for name, middleware in candidates.items():
        for scenario in TURNS:
            with _unless_stuck(tell, candidate=name, scenario=scenario):
                visits = _interleaved(middleware, same_id=scenario == "same-id")
            tell(candidate=name, scenario=scenario, defined=definition(middleware), visits=visits)
    tell(scenario="end")


@contextmanager
def _unless_stuck(tell: Callable[..., None], **trial: str) -> Iterator[None]:
    """End the lab when this does not end: a trial without visits, at the line that the main thread stands in."""
    main_thread = threading.main_thread().ident or 0

    def give_up() -> None:
        tell(**trial, defined=caller(sys._current_frames()[main_thread]), visits=[])  # noqa: SLF001 - the only door
        tell(scenario="end")
        os._exit(0)

    timer = threading.Timer(STUCK_S, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _scenarios(name: str, middleware: Callable[[App], App], flag: Path) -> Iterator[tuple[str, list[Seen]]]:
    for mode in PASSING_ON:
        app = ProbeApp(mode, WITH_GAP if mode == "empty" else CHUNKS)
        visit = StrictVisit(middleware, app, request_id=f"lab-{mode}", path=f"/lab/{mode}")
        seen = _whole(visit, most=MOST_CHUNKS.get(mode))
        if mode == "closed-twice":
            visit.close()
        yield mode, [seen]
    if name == LEDGER:
        yield "no-id", _without_ids(middleware)
        for scenario, request_id in (("long-id", LONG_ID), ("odd-id", ODD_ID)):
            visit = StrictVisit(middleware, ProbeApp("iter"), request_id=request_id, path="/lab/plain")
            yield scenario, [_whole(visit)]
    else:
        yield "flag", _flagged(middleware, flag)


def _whole(visit: StrictVisit, most: int | None = None) -> Seen:
    visit.begin()
    # An empty chunk is allowed at any time: it says "not yet", and does not count as one.
    while (most is None or sum(map(bool, visit.chunks)) < most) and visit.pull():
        pass
    visit.close()
    return visit.seen


def _one_object(middleware: Callable[[App], App], apps: dict[str, ProbeApp]) -> Callable[[App], App]:
    """For several visits to the same middleware object: it is built here, once. The path says whose app is inside."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        return apps[environ["PATH_INFO"]].entered_through(environ, start_response)

    around = middleware(app)
    return lambda _: around


def _without_ids(middleware: Callable[[App], App]) -> list[Seen]:
    """Two visitors without an id, one after the other: to one object, since an id may have been made with it."""
    apps = {f"/lab/plain/{number}": ProbeApp("iter") for number in (1, 2)}
    shared = _one_object(middleware, apps)
    return [_whole(StrictVisit(shared, app, request_id=None, path=path)) for path, app in apps.items()]


def _flagged(middleware: Callable[[App], App], flag: Path) -> list[Seen]:
    """The flag file comes and goes, and comes again, in one gate's life."""
    apps = {f"/lab/gate/{number}": ProbeApp("iter") for number in range(len(GATE_VISITS))}
    gate = _one_object(middleware, apps)
    seen = []
    for (path, app), (is_closed, method) in zip(apps.items(), GATE_VISITS, strict=True):
        if is_closed:
            flag.touch()
        else:
            flag.unlink(missing_ok=True)
        seen.append(_whole(StrictVisit(gate, app, request_id="lab-gate", path=path, method=method)))
    return seen


def _interleaved(middleware: Callable[[App], App], *, same_id: bool) -> list[Seen]:
    """Two requests through one middleware object, in turns, on one thread: PEP 3333 leaves a server free to do so."""
    apps = {f"/lab/{letter}": ProbeApp("lazy", mine.chunks, mine.status) for letter, mine in INTERLEAVED.items()}
    shared = _one_object(middleware, apps)
    visits = [
        StrictVisit(shared, app, request_id="same" if same_id else letter, path=path, method=mine.method)
        for (letter, mine), (path, app) in zip(INTERLEAVED.items(), apps.items(), strict=True)
    ]
    first, second = visits
    first.begin()
    first.pull()
    if not same_id:
        time.sleep(SLOW_S)  # orders nothing: A has begun earlier than B, by their clocks as well
    second.begin()
    going = [second, first]
    while going:
        going = [visit for visit in going if visit.pull()]
    for visit in visits:
        visit.close()
    return [visit.seen for visit in visits]


def _private_stdout() -> Any:
    """A way out of our own: what the learner's code prints goes to stderr."""
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return report


def _stand_in_the_project() -> None:
    # The learner's project comes first from here on, and our own folder last: it may be the one with Django in it.
    sys.path[:] = [str(Path.cwd()), *(entry for entry in sys.path if entry != ROOMS), ROOMS]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mall.settings")


def _listen_to_the_journal() -> list[Seen]:
    """Every line that goes into the ledger from now on, with the line of code that wrote it."""
    lines: list[Seen] = []
    journal = importlib.import_module("mall.journal")
    write = journal.write

    def heard(*values: Any, **fields: Any) -> None:
        write(*values, **fields)
        lines.append({"fields": fields, "where": caller()})

    journal.__dict__["write"] = heard
    return lines


if __name__ == "__main__":
    try:
        main()
    except Exception:  # noqa: BLE001 - whatever the learner's modules raise
        # Printed by hand: the interpreter would show our frames alone when an import of the learner's failed.
        traceback.print_exc()
        sys.exit(1)
