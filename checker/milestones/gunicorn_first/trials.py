"""Experiments beside the learner's own box office: starts that must fail, and what notes.toml predicts."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.gunicorn.master import pid_of
from checker.harness.http import Exchange
from checker.harness.picture import Lane, Stretch
from checker.harness.run import Run
from checker.harness.site import SelfBound, Site
from checker.milestones.gunicorn_first import heartbeat
from checker.milestones.gunicorn_first.office import (
    GENEROUS_S,
    SURE_S,
    WORKER_TIMEOUT_S,
    Starter,
    start_gunicorn,
    variables,
)

ENDED = "ended"
LEFT_ALONE = "left alone"
# What comes of the trials, for a system that does not let us see a heartbeat.
KNOWN_VISITOR_STATUS = 500

NEVER_S = 600
CALLS = 8
SHOWN_HOLD_S = 0.05
LOOK_AGAIN_S = 0.1
START_DEADLINE_S = 60.0
# gunicorn gives up when a worker cannot boot, and starts one that ended otherwise again and again.
RESTARTS = 3


@dataclass(frozen=True, slots=True)
class BrokenStart:
    """A start with one variable missing or senseless."""

    variable: str
    value: str | None
    site: SelfBound

    @property
    def words(self) -> str:
        """The variable as it was."""
        if self.value is None:
            return f"no {self.variable}"
        return f"{self.variable}={self.value}" if self.value else f"an empty {self.variable}"

    def must_have_failed(self) -> None:
        """End the check unless gunicorn has ended, and named the variable."""
        wanted = f"with {self.words} gunicorn ends at once, and its last words name {self.variable}"
        if self._answers():
            saw = f"it started, and answered /hello/, with {self.words}"
            fail("starts-anyway", wanted=wanted, saw=saw)
        if self.site.process.returncode is None:
            saw = f"it starts its workers again and again:\n{self._last_lines}"
            fail("restarts-forever", wanted=wanted, saw=saw)
        self.site.process.log.wait_end(SURE_S)
        code, lines = self.site.process.returncode, self._last_lines
        if self.variable not in self.site.process.log.text:
            fail("silent-failure", wanted=wanted, saw=f"it ended, and what it said does not name it:\n{lines}")
        if code == 0:
            fail("silent-failure", wanted=wanted, saw=f"it ended with exit code 0, as if all were well:\n{lines}")

    @property
    def _last_lines(self) -> str:
        return "\n".join(f"  {line}" for line in self.site.process.log.last_lines(4))

    def _answers(self) -> bool:
        """Whether it serves; waits until it does, has ended, or has restarted its workers a few times."""
        hello: Exchange | None = None
        end = self.site.run.history.now() + START_DEADLINE_S
        while self.site.process.wait(LOOK_AGAIN_S) is None and self.site.run.history.now() < end:
            if hello is None and self.site.listens():
                hello = self.site.send("/hello/", label=f"hello, {self.words}")
            if hello is not None and hello.answer(0) is not None:
                return True
            if self.site.process.log.text.count("exited with code") >= RESTARTS:
                break
        return False


def start_broken(start: Starter, run: Run, gate: Gate) -> list[BrokenStart]:
    """All of them, side by side."""
    cases: Sequence[tuple[str, str | None]] = (
        ("SECRET_KEY", None),
        ("SECRET_KEY", ""),
        ("THEATRE_TIMEOUT_S", "soon"),
        ("WORKER_TIMEOUT_S", "2.5"),  # a number, and int(float(...)) would take it
        ("WORKER_TIMEOUT_S", "0"),  # gunicorn's own word for: never look at the heartbeat
    )
    return [
        BrokenStart(
            variable,
            value,
            start_gunicorn(start, run, f"broken-{number}", variables(gate, **{variable: value}), folder=run.project),
        )
        for number, (variable, value) in enumerate(cases, 1)
    ]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a hung request came to: "ended" or "left alone", and the status its visitor got."""

    hung_request: str
    visitor_status: int


def start_trial(start: Starter, run: Run, gate: Gate, folder: Path, *, threads: int) -> SelfBound:
    """One worker on the learner's application, with a theatre that may hang as long as it likes."""
    arguments = [
        "--worker-class", "sync",
        "--workers", "1",
        "--threads", str(threads),
        "--worker-connections", "1000",
        "--timeout", str(WORKER_TIMEOUT_S),
    ]  # fmt: skip
    environment = variables(gate, THEATRE_TIMEOUT_S=str(NEVER_S))
    return start_gunicorn(start, run, f"trial-{threads}", environment, folder=folder, arguments=arguments)


def hang(site: Site, gate: Gate, *, threads: int) -> Measured:
    """Let a request hang in the only worker until the worker has been ended, or its heart beats on all the same."""
    if not heartbeat.CAN_BE_SEEN:
        return Measured(ENDED, KNOWN_VISITOR_STATUS) if threads == 1 else Measured(LEFT_ALONE, 0)
    show = f"hung-{site.name}"
    request = site.send(f"/seats/{show}/", label=f"{site.name}: hung")
    gate.wait_tag(show, GENEROUS_S)
    pid = pid_of(site, request)
    answer = None
    # A request in the worker's main thread keeps the heart from beating: what was the last beat can be set back.
    if threads > 1 or not heartbeat.set_back(pid):
        heartbeat.beats_on(site, pid, GENEROUS_S)
    else:
        answer = request.answer(GENEROUS_S)
        # The visitor may have heard of the end before the theatre has.
        gate.wait_until(lambda: show not in gate.held, GENEROUS_S)
    return Measured(LEFT_ALONE if show in gate.held else ENDED, answer.status if answer else 0)


def staircase(site: Site, gate: Gate, name: str) -> list[Lane]:
    """Eight calls at once, each answered a moment after it came: when each was with the theatre, from the first on."""
    history = site.run.history
    since = history.now()
    tags = [f"{site.name}-{number}" for number in range(1, CALLS + 1)]
    requests = [site.send(f"/seats/{tag}/", label=f"{name}: {tag[-1]}") for tag in tags]
    released = 0
    while released < CALLS and gate.wait_until(lambda: any(tag in gate.held for tag in tags), GENEROUS_S):
        gate.wait_until(lambda: False, SHOWN_HOLD_S)  # so that those beside it come, and the bar can be seen
        released += sum(gate.release(tag) for tag in tags)
    for request in requests:
        request.answer(GENEROUS_S)
    stretches: dict[str, list[float]] = {}
    for event in history.events("gate.arrived", "gate.released", since=since):
        stretches.setdefault(str(event["tag"]), []).append(event.t)
    steps = sorted(times for tag, times in stretches.items() if tag in tags and len(times) > 1)
    first = steps[0][0] if steps else since
    return [
        Lane(f"{name}: {number}", [Stretch(start - first, end - first)])
        for number, (start, end) in enumerate(((times[0], times[1]) for times in steps), 1)
    ]


def stop(sites: Sequence[SelfBound]) -> None:
    """Stop what is not needed any more; the fixture will find it stopped."""
    for site in sites:
        with suppress(ProcessLookupError):
            site.stop()
