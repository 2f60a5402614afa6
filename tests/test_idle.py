"""checker/harness/idle.py: a process that rests, and some that only seem to."""

from __future__ import annotations

import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil

from checker.harness.idle import Rest, is_idle
from checker.harness.waiting import wait_until

DEADLINE_S = 20.0
SPINS = "print(flush=True)\nwhile True: pass"
WAITS = "print(flush=True)\nfor line in open(0): print(sum(range(3_000_000)), flush=True)"
# The main thread sleeps; the other one works.
WORKS_IN_A_THREAD = """
import threading
def work():
    print(flush=True)
    while True: pass
threading.Thread(target=work, daemon=True).start()
threading.Event().wait()
"""
# Two threads that wake each other in turns, so that one of the two is asleep at any moment.
PING_PONG = """
import threading
one, two = threading.Semaphore(1), threading.Semaphore(0)
def turns(mine, theirs):
    while True:
        mine.acquire()
        theirs.release()
threading.Thread(target=turns, args=(one, two), daemon=True).start()
print(flush=True)
turns(two, one)
"""


# As a server does whose loop wakes by a timer, to see whether it should end.
TICKS = """
import time
print(flush=True)
while True: time.sleep(0.1)
"""
HAS_A_CHILD_THAT_WORKS = """
import os
if os.fork() == 0:
    print(flush=True)
    parent = os.getppid()
    while os.getppid() == parent: pass
else:
    os.wait()
"""
BEARS_A_CHILD_LATER = """
import os
print(flush=True)
input()
if os.fork() == 0:
    parent = os.getppid()
    while os.getppid() == parent: pass
else:
    os.wait()
"""
REST_S = 0.5
SHORT_REST_S = 0.3


@contextmanager
def program(code: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program that has begun."""
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdout
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


class Family:
    """A program as `Rest` looks at it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.pid = process.pid
        self.process = process

    @property
    def children(self) -> list[psutil.Process]:
        """Those it has started."""
        return psutil.Process(self.pid).children(recursive=True)

    def wait(self, deadline_s: float) -> int | None:
        """As the harness's Process."""
        try:
            return self.process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            return None


def comes(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > end:
            return False
    return True


def test_a_program_that_waits_for_input_rests() -> None:
    with program(WAITS) as process:
        assert comes(lambda: is_idle(process.pid))


def test_one_that_was_told_something_rests_again_only_when_it_has_answered() -> None:
    with program(WAITS) as process:
        assert process.stdin
        assert process.stdout
        for _ in range(20):
            process.stdin.write(b"go\n")
            process.stdin.flush()
            assert comes(lambda: is_idle(process.pid))
            assert select.select([process.stdout], [], [], 0)[0]
            assert process.stdout.readline().strip() == b"4499998500000"


def test_one_that_works_never_rests() -> None:
    for code in (SPINS, WORKS_IN_A_THREAD, PING_PONG):
        with program(code) as process:
            assert not any(is_idle(process.pid) for _ in range(300))


def test_one_that_is_gone_rests() -> None:
    with program(SPINS) as process:
        process.kill()
        process.wait()
        assert is_idle(process.pid)


def test_one_that_was_stopped_rests_until_it_may_go_on() -> None:
    with program(SPINS) as process:
        process.send_signal(signal.SIGSTOP)
        assert comes(lambda: is_idle(process.pid))
        process.send_signal(signal.SIGCONT)
        assert comes(lambda: not is_idle(process.pid))


def test_waiting_ends_when_what_is_waited_for_rests() -> None:
    for code in (WAITS, TICKS):
        with program(code) as process:
            began = time.monotonic()
            assert not wait_until(lambda: False, DEADLINE_S, unless_ended=Rest(Family(process), REST_S))
            assert REST_S <= time.monotonic() - began < DEADLINE_S


def test_waiting_goes_on_while_it_or_a_child_of_it_works() -> None:
    for code in (SPINS, WORKS_IN_A_THREAD, HAS_A_CHILD_THAT_WORKS):
        with program(code) as process:
            rest = Rest(Family(process), REST_S)
            end = time.monotonic() + 3 * REST_S
            while time.monotonic() < end:
                assert rest.wait(0.05) is None


def test_a_child_that_is_born_in_a_short_rest_ends_it() -> None:
    with program(BEARS_A_CHILD_LATER) as process:
        rest = Rest(Family(process), SHORT_REST_S)
        assert rest.wait(0.05) is None
        assert process.stdin
        process.stdin.write(b"\n")
        process.stdin.flush()
        end = time.monotonic() + 3 * SHORT_REST_S
        while time.monotonic() < end:
            assert rest.wait(0.05) is None
