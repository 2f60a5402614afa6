"""What is done to a server while a request is open, and what becomes of both.

The request is let go only once it is sure that the server has heard: who had nothing to do has left, somebody new
answers, or nobody is about to do anything more. So the order is the same on any machine.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass, field

from checker.harness.findings import Inconclusive, fail
from checker.harness.gunicorn.master import kill_worker, send
from checker.harness.history import History
from checker.harness.http import Exchange
from checker.harness.idle import Rest
from checker.harness.run import Run
from checker.stage_3.asgi_servers import places
from checker.stage_3.asgi_servers.living import Lasting, lives
from checker.stage_3.asgi_servers.rows import ANSWERED, BROKEN, ENDS, IGNORES, MISSED, RELOADS, REPLACED
from checker.stage_3.asgi_servers.trials import SURE_S, Held, Trial

# hypercorn's own patience is 3 s. A machine that took so long has measured itself.
PATIENCE_S = 2.8
# uvicorn says so of a new worker that is not there after 5 s (timeout_worker_healthcheck), and stays with the old ones.
TOO_SLOW = "was not ready in time"
TRIES = 10  # three in a row were met, beside seven other gradings
# To look for a newcomer costs the server a process's time, of which that may have too little.
VISIT_EVERY_S = 0.2


@dataclass(slots=True)
class Seen:
    """What came of an act: of the server, and of the open request; `at_s` is when it was done."""

    server: str
    request: str
    at_s: float
    exchange: Exchange
    word: str  # "TERM", "HUP", "kill -9"
    saw: str = ""
    left: list[int] = field(default_factory=list)
    unheard: int = 0  # the server's own pid, when it does at a signal to itself what it did not at this one


def terminate(trial: Trial, number: signal.Signals = signal.SIGTERM) -> Seen:
    """Ask the process that was started to end. `left` are those of its family that live on, itself among them."""
    held, family = trial.hold("TERM"), trial.family()
    at_s = send(trial.site, number)
    deaf = Rest(trial.site.process, SURE_S)  # nobody has anything to do: the signal was not heard, or passed over
    trial.wait(
        lambda: (
            held.exchange.is_done
            or trial.has_ended
            or (_lost_one(family, held) and trial.rests(held))
            or deaf.wait(0) is not None
        )
    )
    request = _let_go(trial, held, at_s)
    everybody = {trial.site.pid, *family}
    orphaned = Lasting(lambda: trial.has_ended, SURE_S)  # who has outlived its master for so long will live on
    deaf = Rest(trial.site.process, SURE_S)
    trial.wait(
        lambda: (
            (trial.has_ended and not any(lives(pid) for pid in family))
            or orphaned.is_so()
            or (not trial.has_ended and deaf.wait(0) is not None)
        )
    )
    left = [pid for pid in sorted(everybody) if (pid != trial.site.pid or not trial.has_ended) and lives(pid)]
    return Seen(ENDS, request, at_s, held.exchange, number.name.removeprefix("SIG"), left=left)


def expect_heard(run: Run, name: str, seen: Seen) -> None:
    """The process that was started has not ended without its server, nor kept the signal to itself."""
    saw = ""
    if seen.left:
        saw = f"{len(seen.left)} of its processes live on: pid {', '.join(map(str, seen.left))}"
    elif seen.unheard:
        saw = f"{seen.saw}, until {seen.word} was sent to the server itself, pid {seen.unheard}"
    if saw:
        wanted = f"{seen.word} to serve.py {name} is {seen.word} to the server and its workers"
        starts = places.line(run, r"subprocess\.|Popen\(|os\.system|spawn|fork|Process\(")
        where = starts or places.server(run, name)
        fail("term-not-heard", wanted=wanted, saw=saw, where=where, facts={"server": name})


def hang_up(trial: Trial) -> Seen:
    """Send HUP to the process that was started."""
    held, family = trial.hold("HUP"), trial.family()
    newcomer = _Newcomer(trial, {trial.site.pid, *family})

    def is_heard() -> bool:
        is_over = held.exchange.is_done or trial.has_ended or newcomer.has_answered()
        return is_over or (_lost_one(family, held) and trial.rests(held))

    for _ in range(TRIES):
        at_s = _sent_hup(trial, is_heard)
        if at_s is not None:
            break
    else:
        raise Inconclusive(f"{trial.name} gave up its new workers {TRIES} times: they were too slow for it")
    request = _let_go(trial, held, at_s)
    # Whole, though nothing may have stirred so far: one that lets its requests finish first begins only now.
    trial.wait(lambda: trial.has_ended or newcomer.has_answered())
    server = ENDS if trial.has_ended else RELOADS if newcomer.pid else IGNORES
    trial.leaving = family if server == RELOADS else frozenset()
    left = _left(trial, family) if server == ENDS else []
    told = _told(trial, server, newcomer.pid)
    seen = Seen(server, request, at_s, held.exchange, "HUP", told, left)
    if server == IGNORES and (own := trial.server_of(held)) != trial.site.pid:
        send(trial.site, signal.SIGHUP, own)
        trial.wait(lambda: not lives(own) or newcomer.has_answered())
        seen.unheard = own if newcomer.pid or not lives(own) else 0
    return seen


def kill(trial: Trial) -> Seen:
    """Kill the worker that has the open request; where there are no workers, nobody could take its place."""
    held, family = trial.hold("kill"), trial.family()
    at_s = trial.site.run.history.now()
    kill_worker(trial.site, held.pid)
    newcomer = _Newcomer(trial, {trial.site.pid, *family})
    trial.wait(lambda: trial.has_ended or newcomer.has_answered())
    server = ENDS if trial.has_ended else REPLACED if newcomer.pid else MISSED
    trial.gate.release(held.tag)
    return Seen(server, BROKEN, at_s, held.exchange, "kill -9", _told(trial, server, newcomer.pid))


def _sent_hup(trial: Trial, is_heard: Callable[[], bool]) -> float | None:
    """When it was sent; None when uvicorn has said that its new worker came too late, and done nothing else."""
    mark = trial.site.process.log.mark
    at_s = send(trial.site, signal.SIGHUP)

    def gave_up() -> bool:
        return TOO_SLOW in trial.site.process.log.since(mark)

    trial.wait(lambda: is_heard() or gave_up())
    return at_s if is_heard() or not gave_up() else None


class _Newcomer:
    """Looks for a process that answers and was not there before, by visitors of whom none is waited for."""

    def __init__(self, trial: Trial, old: set[int]) -> None:
        self._trial = trial
        self._old = old
        self._visitors: list[Exchange] = []
        self._visited_at = 0.0
        self.pid = 0

    def has_answered(self) -> bool:
        """Whether one has by now."""
        for visitor in [v for v in self._visitors if v.is_done]:
            self._visitors.remove(visitor)
            answer = visitor.wait_answer(0)
            if answer is not None and (pid := self._trial.page(answer)["pid"]) not in self._old:
                self.pid = pid
        # A server may let them wait until the open request is done: no more than a few, then.
        is_due = History.now() - self._visited_at >= VISIT_EVERY_S
        if is_due and not self.pid and not self._visitors and not self._trial.has_ended:
            self._visited_at = History.now()
            label = f"visitor of {self._trial.name}"
            self._visitors = [self._trial.site.send("/", label=label) for _ in range(2)]
        return bool(self.pid)


def _left(trial: Trial, family: frozenset[int]) -> list[int]:
    """Those of its family who live on without the process that was started."""
    orphaned = Lasting(lambda: trial.has_ended, SURE_S)
    trial.wait(lambda: orphaned.is_so() or not any(lives(pid) for pid in family))
    return [pid for pid in sorted(family) if lives(pid)]


def _lost_one(family: frozenset[int], held: Held) -> bool:
    return any(pid != held.pid and not lives(pid) for pid in family)


def _let_go(trial: Trial, held: Held, at_s: float) -> str:
    """What becomes of the open request, which its depot answers now."""
    late_s = trial.site.run.history.now() - at_s
    trial.gate.release(held.tag)
    trial.wait(lambda: held.exchange.is_done)
    answer = held.exchange.wait_answer(0)
    if answer is not None and answer.status == 200:
        return ANSWERED
    if late_s > PATIENCE_S:
        raise Inconclusive(f"{trial.name} took {late_s:.1f} s to hear of a signal")
    return BROKEN


def _told(trial: Trial, server: str, pid: int) -> str:
    match server:
        case "ends":
            return f"the server ended (exit code {trial.site.process.returncode})"
        case "ignores":
            return "nothing changed"
        case "missed":
            return "no other took its place"
        case _:
            return f"a new worker answers (pid {pid})"
