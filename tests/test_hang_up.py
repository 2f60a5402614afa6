"""asgi_servers: HUP to a uvicorn that gives up its new worker, as it does where a machine is too slow for it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from checker.harness.findings import Inconclusive
from checker.harness.gate import Gate
from checker.harness.site import SelfBound
from checker.stage_3.asgi_servers import acts, stack
from checker.stage_3.asgi_servers.rows import RELOADS, WORKERS
from checker.stage_3.asgi_servers.trials import Trial
from course.content.places import Places
from tests.running import running

# A new worker has five seconds. While a file says so the app never comes: once, or always.
SERVE = """
import os
import uvicorn

if __name__ == "__main__":
    uvicorn.run("slow:application", host="127.0.0.1", port=int(os.environ["PORT"]), workers=2)
"""
SLOW = """
import threading
from pathlib import Path

from parcels.asgi import application

if (slow := Path("slow")).is_file():
    if slow.read_text() == "once":
        slow.unlink()
    threading.Event().wait()  # until uvicorn gives it up
"""


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    given = Places().scaffold("stage_3/asgi_servers") / "parcels"
    files = {f"parcels/{file.name}": file.read_text(encoding="utf-8") for file in given.glob("*.py")}
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored, which is inherited
    try:
        with (
            running(tmp_path, {**files, "serve.py": SERVE, "slow.py": SLOW}) as run,
            closing(Gate(run.history)) as depot,
            SelfBound(run, "uvicorn", [sys.executable, "serve.py"], environment=stack.variables(depot)) as server,
            closing(Trial(server, depot, "uvicorn", WORKERS)) as trial,
        ):
            assert len(trial.then(trial.wait_workers).result()) == WORKERS  # or a late one would be the slow one
            yield trial
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_new_worker_that_came_too_late_is_asked_for_again(trial: Trial) -> None:
    (trial.site.run.project / "slow").write_text("once")
    seen = trial.then(lambda: acts.hang_up(trial)).result()
    assert seen.server == RELOADS
    assert acts.TOO_SLOW in trial.site.process.log.text


def test_of_one_whose_new_workers_always_come_too_late_nothing_is_said(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acts, "TRIES", 2)
    (trial.site.run.project / "slow").write_text("always")
    with pytest.raises(Inconclusive, match="too slow for it"):
        trial.then(lambda: acts.hang_up(trial)).result()
