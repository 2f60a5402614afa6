"""One thread beside each event loop that tells when a step of the learner's code stops the loop, while it does."""

from __future__ import annotations

import threading
import weakref
from _thread import LockType, allocate_lock, get_ident, start_new_thread
from asyncio import AbstractEventLoop, Handle, _get_running_loop, current_task, get_running_loop
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from os import register_at_fork
from time import monotonic, sleep
from types import FrameType

from .evidence import Evidence, Look
from .frames import (
    PROJECT,
    NoCollection,
    Spot,
    Where,
    all_frames,
    depth_of,
    is_importing,
    outer,
    spots_of,
    stack_lines,
    this_frame,
    top_line,
)
from .journal import tell
from .threads import Thread, waits_of_this_thread

IDLE_S = 0.03
LOOK_EVERY_S = 0.02
TRIES = 3
UNNAMED = "a function written in C that the event loop itself called (call_soon, call_later, ...)"

# Who starts a thread (sync_to_async and to_thread may) sleeps until that one has run for a moment: on a busy machine
# as long as that one is starved. Thread.start() waits in Event.wait(), that in Condition.wait().
_STARTING_A_THREAD = threading.Thread.start.__code__
_FRAMES_WITHIN_START = 3

_watched: dict[int, Watchdog] = {}


def _forget_all() -> None:
    """In a child: nobody watches there, and none is left who would have garbage collected again."""
    for watchdog in _watched.values():
        watchdog.collect_again()
    _watched.clear()


register_at_fork(after_in_child=_forget_all)


def watch_running_loop() -> None:
    """Watch the loop of this thread from now on. Call from a task; cheap when it is watched already."""
    ident = get_ident()
    watchdog = _watched.get(ident)
    if watchdog is None or not watchdog.watches(get_running_loop()):
        # A server without its watchdog still serves.
        with suppress(Exception):
            _watched[ident] = Watchdog()


def watched_here() -> Watchdog | None:
    """The watchdog of this thread's loop, while that runs."""
    return _watched.get(get_ident()) if _get_running_loop() is not None else None


class Watchdog:
    """Watches the loop that runs in the thread that makes it."""

    def __init__(self) -> None:
        self._loop = get_running_loop()
        self._ident = get_ident()
        self._thread = Thread()
        self._no_collection = NoCollection()
        self._beat: LockType | None = None  # locked until the loop has run it
        self.base = _depth_below(self._loop)  # how many frames are the loop's own, below every step
        start_new_thread(self._run, ())

    def collect_again(self) -> None:
        """What it has switched off is on again; for a process in which it does not run."""
        self._no_collection.__exit__()

    def watches(self, loop: AbstractEventLoop) -> bool:
        """Whether this is its loop."""
        return self._loop is loop

    def _run(self) -> None:
        with self._no_collection, suppress(RuntimeError):  # the loop is closed, or the interpreter ends
            self._own = Thread()
            while not self._loop.is_closed():
                self._wait_for_one_beat()

    def _wait_for_one_beat(self) -> None:
        evidence = Evidence()
        before = self._look()
        began_s = before.at
        self._no_collection.pause(sleep, IDLE_S)
        look = self._look()
        # The GIL is still ours: the step that was found is running, or waits for the GIL, when the beat is posted.
        self._beat = beat = allocate_lock()
        beat.acquire()
        self._loop.call_soon_threadsafe(self._run_beat, beat.release)
        evidence.add_hold(before, look, IDLE_S, asked_for_gil=1)
        if not evidence.is_enough:
            began_s = look.at
        told = self._told(evidence)
        while not self._loop.is_closed():
            asked_s = max(0.0, look.at + LOOK_EVERY_S - monotonic())
            # No pause for who comes late: a C call that kept the GIL has just ended, and its step may end at once.
            if asked_s and self._no_collection.pause(beat.acquire, True, asked_s):
                break
            before, look = look, self._look()
            if look.is_over:
                break
            if told is None:
                evidence.add(before, look, asked_s)
                told = self._told(evidence)
        self._beat = None
        if told is not None:
            tell("loop.resumed", ms=round((monotonic() - began_s) * 1000, 1), where=told[0])

    def _run_beat(self, answer: Callable[[], None]) -> None:
        self.base = depth_of(this_frame()) - 1
        answer()

    def _look(self) -> Look:
        # Nothing in here lets go of the GIL, so all of it is true of one moment.
        step, top, spot, is_bare = self._step()
        is_over = self._beat is not None and not self._beat.locked()
        account, own = self._thread.account(), self._own.account()
        own_queued_s = 0.0 if own is None else own.queued_s
        waits = waits_of_this_thread()
        return Look(monotonic(), self._thread.cpu_s(), waits, own_queued_s, step, top, spot, account, is_over, is_bare)

    def _step(self) -> tuple[object | None, Spot | None, Spot | None, bool]:
        """What tells this step from the next, its innermost frame, that of the project, and whether it has none."""
        for _ in range(TRIES):
            frame = all_frames().get(self._ident)
            depth = depth_of(frame) - self.base
            if frame is None or not self._loop.is_running():
                break
            if depth <= 0:  # in the loop itself, or in a function written in C that the loop has called
                return self._loop, Spot.of(frame), None, True
            task, at = self._task(), frame.f_lasti
            is_excused = _starts_a_thread(frame) or is_importing(frame, depth)
            spot = None if is_excused else PROJECT.innermost_frame(frame, depth)
            top, outermost = Spot.of(frame), outer(frame, depth - 1)
            if all_frames().get(self._ident) is frame and frame.f_lasti == at and self._task() is task:
                # A task without a line of the project is the server's or the framework's own.
                return task or outermost, top, spot, spot is None and not is_excused and task is None
            # The loop ran on while we looked: this thread had lost the GIL half-way.
        return None, None, None, False

    def _task(self) -> object | None:
        with suppress(TypeError, RuntimeError):
            task = current_task(self._loop)
            return None if task is None else weakref.ref(task)  # the same object each time; keeps nothing alive
        return None

    def _told(self, evidence: Evidence) -> tuple[Where | None] | None:
        """Tell of a stall, when there is enough against the step: its line, None for a bare call. None: not yet."""
        if not evidence.is_enough:
            return None
        place = PROJECT.where(evidence.worst)
        state = "waiting" if evidence.is_waiting else "computing"
        frame = all_frames().get(self._ident)
        spots = spots_of(frame)[self.base :]
        top = top_line(spots) or _callback_of(frame)
        tell("loop.stalled", where=place, top=top, stack=stack_lines(spots), state=state)
        return (place,)


def _depth_below(loop: AbstractEventLoop) -> int:
    """The depth of the stack below the running task; 0 when it cannot be told, until the first beat has run."""
    with suppress(AttributeError, RuntimeError):
        outermost = current_task(loop).get_coro().cr_frame  # type: ignore[union-attr]
        frame: FrameType | None = this_frame()
        while frame is not None and frame is not outermost:
            frame = frame.f_back
        return max(0, depth_of(frame) - 1)
    return 0


def _callback_of(frame: FrameType | None) -> str:
    """The name of the function that asyncio's loop calls in this frame: `time.sleep`. uvloop shows no such frame."""
    with suppress(Exception):
        if frame is not None and frame.f_code is Handle._run.__code__:  # noqa: SLF001
            callback = frame.f_locals["self"]._callback  # noqa: SLF001
            while isinstance(callback, partial):
                callback = callback.func
            return f"{callback.__module__}.{callback.__qualname__}"
    return UNNAMED


def _starts_a_thread(innermost: FrameType) -> bool:
    frame: FrameType | None = innermost
    for _ in range(_FRAMES_WITHIN_START):
        if frame is None:
            return False
        if frame.f_code is _STARTING_A_THREAD:
            return True
        frame = frame.f_back
    return False
