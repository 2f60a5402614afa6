"""A refusal is held against the fast page by a ratio, which says nothing of two times that are both next to nothing."""

from __future__ import annotations

import sys
import threading
from http.client import HTTPMessage
from pathlib import Path

import pytest

from checker.harness.events import EventKind
from checker.harness.findings import NotYet
from checker.harness.gate import Gate
from checker.harness.gunicorn.workers import Configuration, Workers
from checker.harness.http import Answer
from checker.harness.run import Run
from checker.harness.server import Server, ServerPlan
from checker.stage_2.blocking_problem.shop import ON_PURPOSE_S, Shop
from tests.running import SLEEPER, running


def test_a_refusal_of_a_few_milliseconds_is_at_once_whatever_the_fast_page_takes(tmp_path: Path) -> None:
    with running(tmp_path) as run, Gate(run.history) as gate:
        plan = ServerPlan("gunicorn", lambda _: [sys.executable, "-c", SLEEPER], run.project)
        with Server(plan, run) as site:
            shop = Shop(site, Workers(site, Configuration(1, 1, has_private_queues=False)), gate, run)
            spend(run, "r1", "/hello/", 0.0)
            shop.expect_refused_at_once([spend(run, "r2", "/report/6/", ON_PURPOSE_S / 5)])
            with pytest.raises(NotYet, match="waits-for-a-slot"):
                shop.expect_refused_at_once([spend(run, "r3", "/report/7/", ON_PURPOSE_S * 2)])


def spend(run: Run, request: str, path: str, seconds: float) -> Answer:
    """A request that is so long inside, as the probe tells it."""
    known = {"request": request, "server": "gunicorn", "pid": 1, "path": path}
    run.history.record(EventKind.APP_ENTERED, **known)
    threading.Event().wait(seconds)
    run.history.record(EventKind.APP_LEFT, **known)
    return Answer(request, 503, HTTPMessage(), b"")
