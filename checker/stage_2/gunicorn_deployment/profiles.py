"""The depot's three services, each a gunicorn with the learner's own profile.

What is promised to each service stands in the checks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from checker.harness import starters
from checker.harness.bounds import MOST_BYTES
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.gunicorn.workers import Workers, start_printing_configuration
from checker.harness.http import ANSWER_DEADLINE_S, Exchange
from checker.harness.processes import Process
from checker.harness.run import Run
from checker.harness.server import Server
from checker.stage_2.gunicorn_deployment.settings import Settings, file_of, line_that_sets, read_settings
from checker.stage_2.gunicorn_deployment.stack import SERVICES, start_services
from course.model import SourceLine

FIRST_RELEASE, SECOND_RELEASE = "first", "second"
# What a timeout and a stop have to let through.
LONGEST_EXPORT_S = 120
LONGEST_REPORT_S = 20
# Only failing solutions wait these out. SURE: by the configuration nobody is free. GENEROUS: a worker may be booting.
SURE_S = 2.0
GENEROUS_S = 20.0
ATTEMPTS = 3


class Profile:
    """One service: its profile's file, what gunicorn makes of it, and the gunicorn that runs with it."""

    def __init__(self, name: str, settings: Settings, server: Server, gate: Gate) -> None:
        self.name = name
        self.file = file_of(name)
        self.settings = settings
        self.server = server
        self.workers = Workers(server, settings.slots)
        self._gate = gate

    def line(self, *settings: str) -> SourceLine:
        """The profile's line that sets one of these; its first line when none does."""
        return line_that_sets(self.server.run.project, self.file, settings)

    @property
    def slots(self) -> int | None:
        """How many requests the workers can run at once when each gets its share; None when it cannot be told."""
        each = self.settings.slots.slots_each
        return None if each is None else each * self.settings.slots.workers

    def send(self, page: str, tags: Sequence[str]) -> dict[str, Exchange]:
        """One request for each tag, by tag. Judges nothing."""
        return {tag: self.server.send(f"/{page}/{tag}/", label=f"{page} {tag}") for tag in tags}

    def expect_all_run(self, requests: dict[str, Exchange], count: int, wanted: str) -> None:
        """Wait until `count` of these run together; what keeps one from it ends the check with a finding."""
        if self._gate.wait_held(count, SURE_S if self.workers.cannot_run(count) else GENEROUS_S):
            return
        was_crowded = self.workers.are_crowded
        self.workers.go_on()
        # Who waited in a worker's own queue waits on; who waited in the queue of all is taken by the worker now free.
        if was_crowded and self._gate.wait_held(count, SURE_S):
            return
        running = [request for tag, request in requests.items() if tag in self._gate.held]
        saw = f"only {len(running)} of {len(requests)} ran ({self.workers.busy_with(running)})"
        self._let_all_go(requests)
        if was_crowded and not self.workers.cannot_run(count):
            who = "the other worker" if self.settings.slots.workers == 2 else "another worker"
            saw = f"{saw}: the rest waited in the worker that had taken them, while {who} had a slot free"
            fail("private-queue", wanted=wanted, saw=saw, where=self.line("worker_connections", "threads", "workers"))
        saw = f"{saw}, and the rest waited for a free slot"
        fail("too-few-slots", wanted=wanted, saw=saw, where=self.line("threads", "workers"))

    def expect_answered(self, requests: dict[str, Exchange], key: str) -> None:
        """Let them all go: each is answered with what the Gate said."""
        self._gate.open()
        for tag, request in requests.items():
            answer = self.server.expect_answer(request)
            told = answer.json()
            if answer.status != 200 or not isinstance(told, dict) or told.get(key) != tag:
                fail(
                    "server-error",
                    wanted=f"{request.path} is answered 200 with what depot/views.py gives",
                    saw=f"status {answer.status}: {answer.text[:120]!r}",
                )

    def keeps_the_connection(self, path: str) -> bool:
        """Whether a second request is answered on the connection of the first."""
        return any(self._two_on_one(path) for _ in range(ATTEMPTS))

    def closes_the_connection(self) -> tuple[str, SourceLine]:
        """Why it is closed after the first answer, and the line to blame."""
        told = self.settings.printed
        threads, connections = int(told["threads"]), int(told["worker_connections"])
        if self.settings.beats_while_busy and connections <= threads:
            saw = f"worker_connections ({connections}) minus threads ({threads}) leaves none to keep"
            return saw, self.line("worker_connections", "threads")
        if told["keepalive"] == "0":
            return "keepalive = 0", self.line("keepalive")
        return f"worker_class is {told['worker_class']}, threads = {threads}", self.line("worker_class", "threads")

    def _two_on_one(self, path: str) -> bool:
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=ANSWER_DEADLINE_S)
        try:
            connection.connect()
            connection.auto_open = 0
            for _ in range(2):
                connection.request("GET", path)
                connection.getresponse().read(MOST_BYTES)
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()
        return True

    def _let_all_go(self, requests: dict[str, Exchange]) -> None:
        # So that the picture shows when those who waited were served.
        self._gate.open()
        for request in requests.values():
            request.wait_answer(SURE_S)


def start_all(run: Run, start: starters.Gunicorn, gate: Gate, release_file: Path) -> dict[str, Profile]:
    """All three, booting side by side while gunicorn prints what it makes of their profiles."""
    with _printing(run) as printing:
        servers = start_services(start, gate, run, release_file)
        for process in printing.values():
            process.wait(GENEROUS_S)
    profiles = {}
    for name, server in servers.items():
        settings = read_settings(printing[name].log.text)
        if settings is None:
            server.expect_ready("/hello/")  # ends with the server's own words on what it cannot read
            raise LookupError(f"gunicorn serves {name} with a configuration that it did not print")
        profiles[name] = Profile(name, settings, server, gate)
    return profiles


def expect_gunicorn_grants(profile: Profile, longest_s: int, wanted: str) -> None:
    """The profile gives what is under way at a stop as long as it may take."""
    if profile.settings.graceful_timeout_s < longest_s:
        fail(
            "too-little-grace",
            wanted=wanted,
            saw=f"gunicorn kills its workers {profile.settings.graceful_timeout_s} s after a stop (graceful_timeout)",
            where=profile.line("graceful_timeout"),
        )


def expect_no_reloader(profile: Profile) -> None:
    """The profile switches no reloader on."""
    if profile.settings.printed.get("reload") == "True":
        fail(
            "reloader",
            wanted="a service serves the code that it was started with",
            saw="reload = True: gunicorn watches every file, and restarts its workers under the visitors' hands",
            where=profile.line("reload"),
        )


@contextmanager
def _printing(run: Run) -> Iterator[dict[str, Process]]:
    processes: dict[str, Process] = {}
    try:
        for name in SERVICES:
            processes[name] = start_printing_configuration(run, file_of(name))
        yield processes
    finally:
        for process in processes.values():
            process.stop()
