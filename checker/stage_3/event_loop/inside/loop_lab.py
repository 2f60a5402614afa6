"""The lab of The Event Loop in Django: a program that knows no Django, on whose loops the learner's LoopWatch is tried.

Started in the learner's folder as `python loop_lab.py quiet NAME`, or `holds NAME...`: the names are given to the
functions that hold the loop. Prints JSON lines, and judges nothing.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

QUIET_THRESHOLD_S = 0.4
IDLE_S = 0.9
BRIEF_S = 0.25
NOISE_S = 0.1
TRIES = 4

THRESHOLD_S = 0.1
TICK_S = 0.02
REST_TICKS = 10
LONGER_REST_TICKS = 16  # who asks the loop too seldom may ask at the right time once, and not twice
COMPUTES_TICKS = 20
SLEEPS_TICKS = 12  # not much longer than what has to be told
TOLD_DEADLINE_S = 5.0
GROWN_S = 0.1
STUCK_S = 20.0
STOPS_WITHIN_S = 6.0
ENDED_DEADLINE_S = 3.0


class Pacer:
    """A thread that sleeps again and again. What lasts so many ticks leaves another thread the time to look."""

    def __init__(self) -> None:
        self.ticks = 0
        self.late_s = 0.0
        threading.Thread(target=self._run, name="pacer", daemon=True).start()

    def _run(self) -> None:
        while True:
            before_s = time.monotonic()
            time.sleep(TICK_S)
            self.late_s = max(self.late_s, time.monotonic() - before_s - TICK_S)
            self.ticks += 1


@dataclass(slots=True)
class Peeker:
    """A thread that reads the report while the loop is held, and lets it go once the report has told of it twice."""

    watch: Any
    function: str
    let_go: threading.Event
    first_lag_s: float | None = None
    has_grown: bool = False
    hangs: bool = False
    _asks: bool = False
    _told: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Look from now on; the loop is let go in any case."""
        threading.Thread(target=self._look, name="peeker", daemon=True).start()
        threading.Thread(target=self._give_up, name="patience", daemon=True).start()

    def _look(self) -> None:
        ends_s = time.monotonic() + TOLD_DEADLINE_S
        while time.monotonic() < ends_s and not self.has_grown:
            self._asks = True
            lag_s = lag_of(self.watch.report(), self.function)
            self._asks = False
            if lag_s is not None and self.first_lag_s is None:
                self.first_lag_s = lag_s
            self.has_grown = lag_s is not None and lag_s >= (self.first_lag_s or 0) + GROWN_S
            time.sleep(TICK_S)
        self._told.set()

    def _give_up(self) -> None:
        self._told.wait(TOLD_DEADLINE_S + 1)
        self.hangs = self._asks
        self.let_go.set()


def sleeps(pacer: Pacer, until: int) -> None:
    """Wait in the system, again and again."""
    while pacer.ticks < until:
        time.sleep(0.05)


def computes(pacer: Pacer, until: int) -> None:
    """Compute."""
    counted = 0
    while pacer.ticks < until:
        counted += 1


def waits(let_go: threading.Event) -> None:
    """Wait for another thread, within the standard library."""
    let_go.wait()


def calls(function: Callable[..., None], *arguments: Any) -> None:
    """Stand between the loop and what holds it."""
    function(*arguments)


def main() -> None:
    """Try what is asked for, and tell of it."""
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the learner's code prints goes to stderr
    # The learner's project comes first from here on; nothing of it has the name of a module that is loaded already.
    sys.path.insert(0, os.getcwd())  # noqa: PTH109  a string is what belongs there

    def tell(**facts: Any) -> None:
        report.write(json.dumps(facts) + "\n")
        report.flush()

    scenario, *names = sys.argv[1:]
    watch_class = importlib.import_module("doctor.watch").LoopWatch
    pacer = Pacer()
    if scenario == "quiet":
        run(quiet(watch_class, pacer, names, tell), tell)
    else:
        # A loop may run in any thread.
        thread = threading.Thread(target=run, args=(holds(watch_class, pacer, names, tell), tell), daemon=True)
        thread.start()
        thread.join()
    end(tell)


def end(tell: Callable[..., None]) -> None:
    """End the lab. Threads that were left behind were told of, and need not be waited for."""
    tell(kind="end")
    os._exit(0)


def run(trial: Coroutine[Any, Any, None], tell: Callable[..., None]) -> None:
    """Run it on a loop of its own. What raises is printed, as in a program of its own, and ends the lab."""
    stuck = threading.Timer(STUCK_S, give_up, (threading.get_ident(), tell, "stuck"))
    stuck.daemon = True
    stuck.start()
    try:
        asyncio.run(trial)
    except Exception:  # noqa: BLE001  whatever it is, it is the last
        traceback.print_exc()
        os._exit(1)
    stuck.cancel()


def give_up(ident: int, tell: Callable[..., None], *kinds: str) -> None:
    """End the lab where its loop stands, and tell where that is."""
    frame = sys._current_frames().get(ident)  # noqa: SLF001  the only door
    stack = []
    while frame is not None:
        stack.append([frame.f_code.co_filename, frame.f_lineno])
        frame = frame.f_back
    for kind in kinds:
        tell(kind=kind, stack=stack)
    os._exit(0)


async def quiet(watch_class: Any, pacer: Pacer, names: list[str], tell: Callable[..., None]) -> None:
    """A loop that waits for long, and is then held, but not for long enough; again where the machine was late.

    It has time left, so how a watch is stopped is tried here, too.
    """
    threads, tasks = set(sys._current_frames()), asyncio.all_tasks()  # noqa: SLF001
    brief = renamed(calls, names[0])
    for attempt in range(TRIES):
        pacer.late_s = 0.0
        watch = watch_class(threshold_s=QUIET_THRESHOLD_S)
        watch.start()
        await asyncio.sleep(IDLE_S)
        idle = watch.report()
        brief(time.sleep, BRIEF_S)
        await asyncio.sleep(BRIEF_S)
        told = watch.report()
        watch.stop()
        if not told or pacer.late_s < NOISE_S or attempt == TRIES - 1:
            tell(kind="quiet", idle=plain(idle), told=plain(told), late_s=pacer.late_s)
            break
    await stop_while_held(watch_class(threshold_s=THRESHOLD_S), pacer, tell)
    tell(kind="stopped", **await left_behind(threads, tasks))


async def stop_while_held(watch: Any, pacer: Pacer, tell: Callable[..., None]) -> None:
    """Held until then, the loop owes the watch an answer, which it cannot give while stop() runs."""
    watch.start()
    await rest(pacer, REST_TICKS)
    calls(sleeps, pacer, pacer.ticks + SLEEPS_TICKS)
    patience = threading.Timer(STOPS_WITHIN_S, give_up, (threading.get_ident(), tell, "hung", "end"))
    patience.daemon = True
    patience.start()
    watch.stop()
    patience.cancel()
    patience.join()


async def holds(watch_class: Any, pacer: Pacer, names: list[str], tell: Callable[..., None]) -> None:
    """A loop that three functions hold, one after the other, each called by another one."""
    watch = watch_class(threshold_s=THRESHOLD_S)
    watch.start()
    await rest(pacer, REST_TICKS)
    trials: list[tuple[Callable[..., None], int, int]] = [
        (computes, COMPUTES_TICKS, LONGER_REST_TICKS),
        (sleeps, SLEEPS_TICKS, REST_TICKS),
        (waits, 0, REST_TICKS),
    ]
    for work, ticks, rest_ticks in trials:
        outer, inner = renamed(calls, names.pop()), renamed(work, names.pop())
        pacer.late_s = 0.0
        alive_s = time.monotonic()
        for _ in range(3):  # what was asked of the loop before now, it has done then
            await asyncio.sleep(0)
        held_s = time.monotonic()
        peeker = None
        if ticks:
            outer(inner, pacer, pacer.ticks + ticks)
        else:
            peeker = Peeker(watch, outer.__name__, threading.Event())
            peeker.start()
            outer(inner, peeker.let_go)
        held_s = time.monotonic() - held_s
        late_s = pacer.late_s
        await rest(pacer, rest_ticks)
        told = plain(watch.report())
        tell(
            kind="held",
            by=work.__name__,
            functions=[place_of(outer), place_of(inner)],
            held_s=held_s,
            most_s=time.monotonic() - alive_s,
            late_s=late_s,
            told=told,
            while_held=peeker and {"lag_s": peeker.first_lag_s, "has_grown": peeker.has_grown, "hangs": peeker.hangs},
        )
    # Here the watch is not stopped, which is tried on the other loop: nor may its loop be closed under it.
    end(tell)


async def rest(pacer: Pacer, ticks: int) -> None:
    """Leave the loop free."""
    until = pacer.ticks + ticks
    while pacer.ticks < until:  # noqa: ASYNC110  an Event would be set by another thread, through the loop that is tried
        await asyncio.sleep(TICK_S)


async def left_behind(threads: set[int], tasks: set[asyncio.Task[Any]]) -> dict[str, list[str]]:
    """The names of threads and tasks that are there and were not; they have had a while to end."""
    ends_s = time.monotonic() + ENDED_DEADLINE_S
    while True:
        await asyncio.sleep(TICK_S)
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        more = set(sys._current_frames()) - threads  # noqa: SLF001  those of _thread have no other list
        tasks_more = [
            getattr(task.get_coro(), "__qualname__", "a task")
            for task in asyncio.all_tasks() - tasks
            if not task.done()
        ]
        if not (more or tasks_more) or time.monotonic() > ends_s:
            return {"threads": [names.get(ident, "a thread") for ident in more], "tasks": tasks_more}


def renamed(function: Callable[..., None], name: str) -> Callable[..., None]:
    """The same function under another name, which the lab was given for this run."""
    code = function.__code__.replace(co_name=name, co_qualname=name)
    return FunctionType(code, function.__globals__, name)


def place_of(function: Callable[..., None]) -> dict[str, Any]:
    """Its name, and the lines of its body."""
    code = function.__code__
    lines = [line for _, _, line in code.co_lines() if line is not None and line > code.co_firstlineno]
    return {"name": function.__name__, "first": min(lines), "last": max(lines)}


def plain(report: Any) -> Any:
    """The report as JSON takes it."""
    return json.loads(json.dumps(report, default=repr))


def lag_of(report: Any, function: str) -> float | None:
    """The lag that is told for this function; None when it is not told of."""
    for stall in report:
        if function in str(stall["stack"]):
            return float(stall["lag_s"])
    return None


if __name__ == "__main__":
    main()
