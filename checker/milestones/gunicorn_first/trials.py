"""Experiments beside the learner's own box office: what notes.toml predicts."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from checker.harness.events import EventKind
from checker.harness.gate import Gate
from checker.harness.gunicorn.master import wait_pid_of
from checker.harness.picture import Lane, Stretch
from checker.harness.run import Run
from checker.harness.site import SelfBound, Site
from checker.harness.waiting import wait_until
from checker.milestones.gunicorn_first import heartbeat
from checker.milestones.gunicorn_first.configuration import (
    GENEROUS_S,
    WORKER_TIMEOUT_S,
    Starter,
    start_gunicorn,
    variables,
)

TIMED_OUT = "WORKER TIMEOUT"  # gunicorn/arbiter.py, murder_workers, before it sends SIGABRT
LOOK_EVERY_S = 0.01
ATTEMPTS = 3
ENDED = "ended"
LEFT_ALONE = "left alone"
# What comes of the trials, for a system that does not let us see a heartbeat.
KNOWN_VISITOR_STATUS = 500
NEVER_S = 600
CALLS = 8
BESIDE_S = 0.05
SHOWN_HOLD_S = 0.02


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


def try_out(gate: Gate, name: str, site: Site, threads: int) -> tuple[list[Lane], Measured]:
    """What one worker of so many threads makes of eight calls, and then of one that hangs."""
    return measure_staircase(gate, name, site, threads), hang(site, threads, gate=gate)


def hang(site: Site, threads: int, *, gate: Gate) -> Measured:
    """Let a request hang in the only worker until the worker has been ended, or its heart beats on all the same."""
    if not heartbeat.CAN_BE_SEEN:
        return Measured(ENDED, KNOWN_VISITOR_STATUS) if threads == 1 else Measured(LEFT_ALONE, 0)
    measured = _hang(site, threads, gate, f"hung-{site.name}")
    # On a busy machine gunicorn may kill a worker before it has answered, a second after it was told to end.
    for number in range(1, ATTEMPTS):
        if threads > 1 or measured != Measured(ENDED, 0):
            break
        measured = _hang(site, threads, gate, f"hung-{site.name}-{number}")
    return measured


def _hang(site: Site, threads: int, gate: Gate, show: str) -> Measured:
    request = site.send(f"/seats/{show}/", label=f"{site.name}: hung")
    gate.wait_tag(show, GENEROUS_S)
    pid = wait_pid_of(site, request)
    answer = None
    # A request in the worker's main thread keeps the heart from beating: what was the last beat can be set back.
    if threads > 1 or not heartbeat.set_back(pid):
        heartbeat.wait_beating_on(site, pid, GENEROUS_S)
    else:
        log, seen_before = site.process.log, site.process.log.mark
        heartbeat.make_look(site)
        wait_until(lambda: request.is_done or TIMED_OUT in log.since(seen_before), GENEROUS_S, every_s=LOOK_EVERY_S)
        heartbeat.beat_for(pid)  # so that it is not killed while it answers
        answer = request.wait_answer(GENEROUS_S)
        # The visitor may have heard of the end before the theatre has.
        gate.wait_until(lambda: show not in gate.held, GENEROUS_S)
    return Measured(LEFT_ALONE if show in gate.held else ENDED, answer.status if answer else 0)


def measure_staircase(gate: Gate, name: str, site: Site, places: int) -> list[Lane]:
    """Eight calls at once, each answered a moment after it came: when each was with the theatre, from the first on.

    `places` is for how many at once there is room.
    """
    history = site.run.history
    since = history.now()
    tags = [f"{site.name}-{number}" for number in range(1, CALLS + 1)]
    requests = [site.send(f"/seats/{tag}/", label=f"{name}: {tag[-1]}") for tag in tags]
    released = 0

    def are_held(count: int) -> bool:
        return sum(tag in gate.held for tag in tags) >= min(count, CALLS - released)

    while released < CALLS and gate.wait_until(lambda: are_held(1), GENEROUS_S):
        gate.wait_until(lambda: are_held(places), BESIDE_S)  # for the picture: those beside it come, or are late
        time.sleep(SHOWN_HOLD_S)  # a bar that can be seen
        released += sum(gate.release(tag) for tag in tags)
    for request in requests:
        request.wait_answer(GENEROUS_S)
    stretches: dict[str, list[float]] = {}
    for event in history.events(EventKind.GATE_ARRIVED, EventKind.GATE_RELEASED, since=since):
        stretches.setdefault(str(event["tag"]), []).append(event.t)
    steps = sorted(times for tag, times in stretches.items() if tag in tags and len(times) > 1)
    first = steps[0][0] if steps else since
    return [
        Lane(f"{name}: {number}", [Stretch(start - first, end - first)])
        for number, (start, end) in enumerate(((times[0], times[1]) for times in steps), 1)
    ]
