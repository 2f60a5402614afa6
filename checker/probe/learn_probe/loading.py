"""Imports the learner's app as the server would have. A slow import is told of; a failed one too, and raised again."""

from __future__ import annotations

from _thread import LockType, allocate_lock, get_ident, start_new_thread
from importlib import import_module
from os import environ
from time import monotonic
from typing import Any

from .errors import described, listen_to_django
from .frames import PROJECT, NoCollection, all_frames, spots_of
from .journal import tell

SLOW_AFTER_S = (2.0, 5.0, 10.0)
DEFAULT_NAME = "application"


def load(interface: str) -> Any:
    """The object that LEARN_APP names ("shop.wsgi:application"). Errors are those the server itself would have met."""
    module_name, _, names = environ["LEARN_APP"].partition(":")
    began_s = monotonic()
    done, ended = allocate_lock(), allocate_lock()
    done.acquire()
    ended.acquire()
    start_new_thread(_watch_import, (get_ident(), began_s, done, ended))
    try:
        target: Any = import_module(module_name)
        for name in (names or DEFAULT_NAME).split("."):
            target = getattr(target, name)
    except BaseException as error:
        tell("app.import_failed", patient=True, **described(error))
        raise
    finally:
        done.release()
        ended.acquire(timeout=1)  # gunicorn --preload forks next, and Python 3.12 warns when threads are about
    listen_to_django()
    tell("app.loaded", interface=interface, seconds=round(monotonic() - began_s, 3))
    return target


def _watch_import(importer: int, began_s: float, done: LockType, ended: LockType) -> None:
    # Imports nothing itself: it would wait for the lock of the very import it watches.
    for after_s in SLOW_AFTER_S:
        if done.acquire(timeout=max(0.0, began_s + after_s - monotonic())):
            break
        with NoCollection():
            spots = spots_of(all_frames().get(importer))
        place = PROJECT.where(PROJECT.innermost(spots))
        tell("app.importing", where=place, seconds=round(monotonic() - began_s, 3))
    ended.release()
