"""What counts as a stall: only what the kernel's accounts prove against one step of the loop."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from checker.probe.learn_probe import frames, watchdog
from checker.probe.learn_probe.evidence import Evidence, Look
from checker.probe.learn_probe.frames import Spot
from checker.probe.learn_probe.threads import Account, Thread

ASKED_S = 0.02
STEP = object()
DEADLINE_S = 20.0


@pytest.fixture(autouse=True)
def _this_folder_is_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames.PROJECT, "_folder", Path(__file__).resolve().parent)
    monkeypatch.setattr(frames.PROJECT, "_known", {})


class WrittenThread:
    """A loop's thread whose accounts the test writes: each `look` is so much later, and so much has happened."""

    def __init__(self, *, has_account: bool = True) -> None:
        self._has_account = has_account
        self.at = self.cpu_s = self.queued_s = self.own_queued_s = 0.0
        self.turns = self.own_waits = 0

    def look(
        self,
        wall_s: float = ASKED_S,
        *,
        cpu_s: float = 0.0,
        queued_s: float = 0.0,
        turns: int = 0,
        own_waits: int = 1,
        own_queued_s: float = 0.0,
        asleep: bool = True,
        step: object | None = STEP,
        importing: bool = False,
    ) -> Look:
        """The next look."""
        self.at += wall_s
        self.cpu_s += cpu_s
        self.queued_s += queued_s
        self.turns += turns
        self.own_waits += own_waits
        self.own_queued_s += own_queued_s
        account = Account(self.queued_s, self.turns, asleep) if self._has_account else None
        spot = Spot(self.look.__code__, 1)
        project_spot = None if importing else spot
        return Look(self.at, self.cpu_s, self.own_waits, self.own_queued_s, step, spot, project_spot, account)


def evidence(thread: WrittenThread, looks: int, **each: Any) -> Evidence:
    """What so many looks, all alike, come to."""
    evidence, before = Evidence(), thread.look()
    for _ in range(looks):
        after = thread.look(**each)
        evidence.add(before, after, ASKED_S)
        before = after
    return evidence


def test_a_sleep_without_a_wake_is_waiting() -> None:
    found = evidence(WrittenThread(), 6)
    assert found.is_enough
    assert found.is_waiting
    assert found.worst is not None
    assert found.worst.line == 1


def test_processor_time_of_one_step_is_computing() -> None:
    found = evidence(WrittenThread(), 6, cpu_s=0.02, asleep=False)
    assert found.is_enough
    assert not found.is_waiting


def test_short_sleeps_in_a_loop_of_its_own_add_up_to_waiting() -> None:
    assert evidence(WrittenThread(), 15, turns=1).is_enough  # while not done: time.sleep(0.02)


def test_a_thread_that_gets_no_processor_proves_nothing() -> None:
    assert not evidence(WrittenThread(), 100, asleep=False).is_enough
    assert not evidence(WrittenThread(), 100, queued_s=0.02, turns=1).is_enough


def test_waiting_for_the_gil_proves_nothing() -> None:
    turns = round(0.02 / sys.getswitchinterval())
    assert not evidence(WrittenThread(), 100, turns=turns).is_enough


def test_a_machine_that_stood_still_proves_nothing() -> None:
    assert not evidence(WrittenThread(), 2, wall_s=5.0).is_enough
    assert not evidence(WrittenThread(), 2, wall_s=5.0, cpu_s=5.0, asleep=False).is_enough


def test_many_steps_prove_nothing_together() -> None:
    thread, found = WrittenThread(), Evidence()
    before = thread.look()
    for _ in range(100):
        after = thread.look(cpu_s=0.02, asleep=False, step=object())
        found.add(before, after, ASKED_S)
        before = after
    assert not found.is_enough


def test_an_import_proves_nothing() -> None:
    assert not evidence(WrittenThread(), 100, importing=True).is_enough


def test_a_loop_in_its_selector_proves_nothing() -> None:
    assert not evidence(WrittenThread(), 100, step=None).is_enough


def test_a_hold_of_the_gil_is_computing_even_when_its_beginning_was_not_seen() -> None:
    thread, found = WrittenThread(), Evidence()
    before = thread.look(step=None)
    found.add_hold(before, thread.look(0.2, cpu_s=0.18, own_waits=36, asleep=False), ASKED_S)
    assert found.is_enough
    assert not found.is_waiting


def test_a_watchdog_that_came_late_but_had_not_waited_for_the_gil_proves_no_hold() -> None:
    thread, found = WrittenThread(), Evidence()
    before = thread.look(step=None)
    found.add_hold(before, thread.look(0.2, cpu_s=0.18, own_waits=2, asleep=False), ASKED_S)
    assert not found.is_enough


def test_short_steps_that_take_the_gil_back_from_a_watchdog_just_woken_prove_no_hold() -> None:
    assert not hold(0.6, own_waits=300).is_enough  # 2 ms each: as measured
    assert not hold(0.6, own_waits=150).is_enough  # 4 ms each


def test_a_watchdog_that_was_starved_while_it_was_woken_proves_no_hold() -> None:
    assert not hold(0.6, own_waits=100, own_queued_s=0.5).is_enough


def test_a_hold_after_short_steps_is_still_computing() -> None:
    assert hold(0.5, own_waits=100 + 10).is_enough


def hold(wall_s: float, **facts: Any) -> Evidence:
    """What a watchdog that came so late proves against a loop that computed all the time."""
    thread, found = WrittenThread(), Evidence()
    before = thread.look(step=None)
    after = thread.look(wall_s, cpu_s=wall_s, asleep=False, **facts)
    found.add_hold(before, after, ASKED_S, asked_for_gil=1)
    return found


def test_without_accounts_a_watchdog_in_time_proves_waiting() -> None:
    assert evidence(WrittenThread(has_account=False), 20).is_enough
    assert not evidence(WrittenThread(has_account=False), 20, wall_s=0.1).is_enough


def test_a_thread_knows_its_own_accounts() -> None:
    thread = Thread()
    if thread.account() is None:
        pytest.skip("this system keeps no accounts of threads")
    before = thread.cpu_s()
    while thread.cpu_s() < before + 0.01:
        pass
    asleep: list[Account | None] = []
    done = threading.Event()

    def look() -> None:
        while not (asleep and asleep[-1] and asleep[-1].asleep):
            asleep.append(thread.account())
        done.set()

    threading.Thread(target=look).start()
    assert done.wait(DEADLINE_S)


def test_the_watchdog_works_without_accounts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    told = threading.Event()
    events: list[tuple[str, dict[str, Any]]] = []

    def tell(kind: str, **facts: Any) -> None:
        events.append((kind, facts))
        told.set()

    async def stall() -> None:
        watchdog.watch_running_loop()
        await asyncio.sleep(0.1)
        told.wait(DEADLINE_S)  # this is the stall

    monkeypatch.setattr(Thread, "account", lambda _: None)
    monkeypatch.setattr(watchdog, "tell", tell)
    asyncio.run(stall())
    kind, facts = events[0]
    assert (kind, facts["where"]["function"]) == ("loop.stalled", "stall")
    assert "this is the stall" in facts["where"]["doing"]


def test_short_steps_that_follow_each_other_are_no_stall(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(watchdog, "tell", lambda kind, **_: told.append(kind))

    async def work() -> None:
        watchdog.watch_running_loop()
        await asyncio.sleep(0.1)
        for _ in range(1000):
            end_s = time.perf_counter() + 0.002
            while time.perf_counter() < end_s:
                pass
            await asyncio.sleep(0)

    asyncio.run(work())
    assert told == []
