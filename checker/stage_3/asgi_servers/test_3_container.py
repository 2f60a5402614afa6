"""Checks of ASGI Servers: the Dockerfile's command, executed as a container's first process."""

from __future__ import annotations

from pathlib import Path

from checker.harness.findings import fail
from checker.harness.suite import needs
from checker.stage_3.asgi_servers.fixtures import Boxed
from checker.stage_3.asgi_servers.rows import ANSWERED, UVICORN, WORKERS
from checker.stage_3.asgi_servers.trials import BOOT_S


@needs("test_each_server_serves_the_app")
def test_the_container_serves_and_stops(boxed: Boxed, project: Path) -> None:
    """The Dockerfile's command serves by two workers, from outside too; one stop answers what is open, and ends it."""
    box, file = boxed.box, boxed.box.dockerfile
    where = file.place("CMD", project) or file.place("ENTRYPOINT", project)
    wanted = "the container is open at the port that PORT names, to those who ask from outside"
    if other := box.wait_elsewhere(BOOT_S):
        fail("closed-container", wanted=wanted, saw=f"it listens at {other}, and PORT is {box.port}", where=where)
    page = boxed.trial.booted.result()
    if not box.is_open:
        saw = "it listens at one address only, which in a container is the container itself"
        fail("closed-container", wanted=wanted, saw=saw, where=file.place("ENV", project) or where)
    wanted = f"the container serves by {WORKERS} processes of uvicorn"
    facts = {"server": UVICORN.name}
    if page["server"] != UVICORN.package:
        fail("another-server", wanted=wanted, saw=f"it was called by {page['server']}", where=where, facts=facts)
    if len(pids := boxed.workers.result()) < WORKERS:
        saw = f"all visitors were answered by pid {', '.join(map(str, pids))}"
        fail("too-few-workers", wanted=wanted, saw=saw, where=where, facts=facts)
    stopped = boxed.stopped.result()
    if stopped.request != ANSWERED or stopped.left:
        what = f"{len(stopped.left)} of its processes live on" if stopped.left else "the open request was broken off"
        fail(
            "stop-cuts",
            wanted="one stop ends the container, once the open request is answered",
            saw=f"the stop sends {file.stop_signal}: {what}",
            where=file.place("STOPSIGNAL", project) or where,
        )
