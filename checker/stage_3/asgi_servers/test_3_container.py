"""Checks of ASGI Servers: the Dockerfile's command, executed as a container's first process."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

from checker.harness.findings import fail
from checker.harness.servers.container import Container
from checker.harness.signals import signal_named
from checker.harness.suite import needs
from checker.stage_3.asgi_servers.acts import terminate
from checker.stage_3.asgi_servers.rows import ANSWERED, UVICORN, WORKERS
from checker.stage_3.asgi_servers.trials import BOOT_S, Trial


@needs("test_each_server_serves_the_app")
def test_the_container_serves_and_stops(box: Container, boxed: tuple[Trial, Future[set[int]]], project: Path) -> None:
    """The Dockerfile's command serves by two workers, from outside too; one stop answers the open request and ends it."""
    trial, workers = boxed
    where = box.dockerfile.place("CMD", project) or box.dockerfile.place("ENTRYPOINT", project)
    wanted = "the container is open at the port that PORT names, to those who ask from outside"
    if other := box.wait_elsewhere(BOOT_S):
        fail("closed-container", wanted=wanted, saw=f"it listens at {other}, and PORT is {box.port}", where=where)
    page = trial.booted.result()
    if not box.is_open:
        saw = "it listens at one address only, which in a container is the container itself"
        fail("closed-container", wanted=wanted, saw=saw, where=box.dockerfile.place("ENV", project) or where)
    wanted = f"the container serves by {WORKERS} workers of uvicorn"
    if page["server"] != UVICORN.package:
        fail("another-server", wanted=wanted, saw=f"it was called by {page['server']}", where=where)
    if len(pids := workers.result()) < WORKERS:
        saw = f"all visitors were answered by pid {', '.join(map(str, pids))}"
        fail("too-few-workers", wanted=wanted, saw=saw, where=where, facts={"server": "uvicorn"})
    number = signal_named(box.dockerfile.stop_signal)
    stopped = trial.then(lambda: terminate(trial, number)).result() if number else None
    wanted = "one stop ends the container, once the open request is answered"
    if stopped is None or stopped.request != ANSWERED or stopped.left:
        saw = f"STOPSIGNAL is {box.dockerfile.stop_signal}: "
        if stopped and stopped.left:
            saw += f"{len(stopped.left)} of its processes live on"
        else:
            saw += "the open request was broken off"
        fail("stop-cuts", wanted=wanted, saw=saw, where=box.dockerfile.place("STOPSIGNAL", project) or where)
