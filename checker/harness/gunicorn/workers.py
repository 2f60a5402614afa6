"""gunicorn's worker processes: how many the learner's configuration asks for, and letting chosen ones stand still."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.gunicorn.master import worker_pids
from checker.harness.http import Exchange
from checker.harness.learner_files import expect_python
from checker.harness.processes import Process, clean_environment
from checker.harness.run import Run
from checker.harness.site import Site
from course.model import SourceLine


@dataclass(frozen=True, slots=True)
class Configuration:
    """What gunicorn's configuration comes to. `slots_each` is None for a worker class we do not know."""

    workers: int
    slots_each: int | None
    # A threaded worker takes connections it has no free thread for (gunicorn #908): they wait for it alone.
    has_private_queues: bool
    # Each worker binds a socket of its own, and the kernel deals connections out by a hash.
    has_reuse_port: bool = False

    @property
    def words(self) -> str:
        """As in "2 workers of 4 threads"."""
        workers = f"{self.workers} worker{'s' * (self.workers != 1)}"
        if self.slots_each is None:
            return workers
        return f"{workers} of {self.slots_each} thread{'s' * (self.slots_each != 1)}"


def start_printing_configuration(
    run: Run, config: str = "gunicorn.conf.py", environment: Mapping[str, str] | None = None
) -> Process:
    """Have gunicorn print a configuration of the learner's. It is given no app: it stops before it would load one."""
    expect_python(run.project, config)
    return Process(
        run,
        f"gunicorn --print-config {config}",
        [sys.executable, "-P", "-m", "gunicorn", "--print-config", "--config", config, "no_app:at_all"],
        environment=clean_environment(run.temporary, environment or {}),
        folder=run.project,
        log_name=f"configuration of {config.replace('/', '-')}",
    )


def read_configuration(printed: str) -> Configuration | None:
    """The printed configuration's workers and threads; None when gunicorn could not read the learner's file."""
    settings = dict(re.findall(r"^(\w+) += (.*)$", printed, re.MULTILINE))
    if "workers" not in settings:
        return None
    threads = int(settings["threads"])
    worker_class = settings["worker_class"].lower()
    is_sync = "sync" in worker_class and threads == 1
    # With threads above 1 gunicorn takes the threaded worker for the sync one (gunicorn/config.py, worker_class_str).
    is_threaded = "thread" in worker_class or ("sync" in worker_class and threads > 1)
    return Configuration(
        workers=int(settings["workers"]),
        slots_each=1 if is_sync else threads if is_threaded else None,
        has_private_queues=is_threaded and int(settings["worker_connections"]) > threads,
        has_reuse_port=settings.get("reuse_port") == "True",
    )


def expect_one_queue(configuration: Configuration, where: SourceLine | None) -> None:
    """End the check unless all workers accept from one socket: with `reuse_port` each has a queue of its own."""
    if configuration.has_reuse_port:
        fail(
            "reuse-port",
            wanted="all workers accept from one socket, so that whoever is free takes the next visitor",
            saw="reuse_port = True: the kernel deals visitors out by a hash, to busy and stuck workers alike, "
            "and there they wait while another worker is free",
            where=where,
        )


class Workers:
    """The worker processes of a running gunicorn. Who is made to stand still always goes on at the end of the block."""

    def __init__(self, server: Site, configuration: Configuration) -> None:
        self.configuration = configuration
        self._server = server
        self._still: list[int] = []

    @property
    def are_crowded(self) -> bool:
        """Whether one worker alone serves at the moment."""
        return bool(self._still)

    def cannot_run(self, count: int) -> bool:
        """Whether the configuration leaves no slot for so many requests at once; False when it does not tell."""
        each = self.configuration.slots_each
        return each is not None and each * (1 if self._still else self.configuration.workers) < count

    def wait_pid_of(self, exchange: Exchange) -> int:
        """The worker in which this request has reached the learner's code; 0 when it has not."""
        entered = [event for event in self._server.seen(EventKind.APP_ENTERED) if event["request"] == exchange.id]
        return int(entered[0]["pid"]) if entered else 0

    def busy_with(self, exchanges: Collection[Exchange]) -> str:
        """Which worker has which of these: "pid 71: report 1, report 2; pid 72: report 3"."""
        by_pid: dict[int, list[str]] = {}
        for exchange in exchanges:
            if pid := self.wait_pid_of(exchange):
                by_pid.setdefault(pid, []).append(exchange.label)
        return "; ".join(f"pid {pid}: {', '.join(labels)}" for pid, labels in by_pid.items())

    @contextmanager
    def crowded(self) -> Iterator[None]:
        """One worker of a threaded server takes everything, as may happen at any time; the others stand still."""
        try:
            if self.configuration.workers > 1 and self.configuration.has_private_queues:
                # The master too, or it would fork more, and miss the heartbeats of those who stand still.
                self._stand_still([self._server.pid])
                pids = worker_pids(self._server)
                served = [int(event["pid"]) for event in self._server.seen(EventKind.APP_ENTERED)]
                chosen = next((pid for pid in reversed(served) if pid in pids), 0)
                if chosen:
                    self._stand_still([pid for pid in pids if pid != chosen])
                else:  # whoever has served is gone, and the rest may still be booting
                    self.go_on()
            yield
        finally:
            self.go_on()

    @contextmanager
    def only_others(self, exchanges: Collection[Exchange]) -> Iterator[None]:
        """The next request meets a worker that has none of these, where there is one."""
        holders = {pid for exchange in exchanges if (pid := self.wait_pid_of(exchange))}
        try:
            # A busy sync worker accepts nothing as it is.
            if self.configuration.workers > len(holders) and self.configuration.slots_each != 1:
                self._stand_still(sorted(holders))
            yield
        finally:
            self.go_on()

    def go_on(self) -> None:
        """Whoever stands still goes on."""
        while self._still:
            with suppress(ProcessLookupError):
                os.kill(self._still.pop(), signal.SIGCONT)

    def _stand_still(self, pids: Collection[int]) -> None:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                self._still.append(pid)
