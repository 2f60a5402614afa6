"""The frames of another thread, walked while it runs on."""

from __future__ import annotations

import subprocess
import sys

from checker.harness.server import PROBE_FOLDER

# At each step there is garbage, whose finalizer lets the other thread run on: where the next step's object has it
# collected, Python 3.11 dies of SIGSEGV.
WALKS = """
import gc, os, sys, threading, time
from learn_probe.frames import Spot, all_frames, not_collecting, spots_of

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
        with not_collecting():
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


def test_walking_the_frames_of_a_thread_that_runs_on_is_safe() -> None:
    world = {"PYTHONPATH": str(PROBE_FOLDER)}
    ran = subprocess.run(
        [sys.executable, "-c", WALKS], env=world, capture_output=True, text=True, timeout=60, check=False
    )
    assert (ran.stdout, ran.stderr, ran.returncode) == ("alive\n", "", 0)
