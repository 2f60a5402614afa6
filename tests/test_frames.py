"""The frames of another thread, walked while it runs on."""

from __future__ import annotations

import subprocess
import sys

from checker.harness.server import PROBE_FOLDER

# At each step there is garbage, whose finalizer lets the other thread run on: where the next step's object has it
# collected, Python 3.11 dies of SIGSEGV.
WALKS = """
import gc, os, sys, threading, time
from learn_probe.frames import NoCollection, Spot, all_frames, spots_of

class Garbage:
    def __del__(self):
        time.sleep(0)

def litter(frame):
    garbage = Garbage()
    garbage.itself = garbage

def calls(depth):
    return calls(depth - 1) if depth else 0

def walk():
    while True:
        with NoCollection():
            spots_of(all_frames().get(walked))

Spot.of = litter
walked = threading.get_ident()
gc.set_threshold(1)
sys.setswitchinterval(1e-6)
threading.Thread(target=walk, daemon=True).start()
ends_s = time.monotonic() + 1
while time.monotonic() < ends_s:
    calls(40)
print("alive", flush=True)
os._exit(0)
"""

# Each object made lets garbage be collected, and whoever collects says so, while the loop waits, and while it stands.
WATCHED = """
import asyncio, gc, threading, time
from learn_probe.watchdog import watch_running_loop

async def main():
    watch_running_loop()
    await asyncio.sleep(0.1)
    gc.callbacks.append(lambda phase, _: collectors.add(threading.get_ident()))
    gc.set_threshold(1)
    for _ in range(10):
        await asyncio.sleep(0.05)
    time.sleep(0.3)
    gc.set_threshold(0)

collectors = set()
asyncio.run(main())
print(collectors == {threading.get_ident()}, gc.isenabled())
"""

# The child is forked while no garbage is collected, whoever has seen to that.
FORKED = """
import asyncio, gc, os
from learn_probe.frames import NoCollection
from learn_probe.watchdog import watch_running_loop, watched_here

async def main():
    watch_running_loop()
    await asyncio.sleep(0.1)
    watched_here()._no_collection = held = NoCollection()
    with held:
        child = os.fork()
        if not child:
            os._exit(gc.isenabled())
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    os._exit(0)

asyncio.run(main())
"""


def test_walking_the_frames_of_a_thread_that_runs_on_is_safe() -> None:
    assert told(WALKS) == ("alive\n", "", 0)


def test_a_loops_watchdog_collects_no_garbage_of_the_learner() -> None:
    assert told(WATCHED) == ("True True\n", "", 0)


def test_a_child_collects_its_garbage_again() -> None:
    assert told(FORKED)[::2] == ("1\n", 0)


def told(program: str) -> tuple[str, str, int]:
    """What it prints, what it complains of, and how it ends."""
    world = {"PYTHONPATH": str(PROBE_FOLDER)}
    ran = subprocess.run(
        [sys.executable, "-c", program], env=world, capture_output=True, text=True, timeout=60, check=False
    )
    return ran.stdout, ran.stderr, ran.returncode
