"""Tells of blocking calls in a loop's thread that may be too short for the watchdog: connections, names, files."""

from __future__ import annotations

import sys
from _socket import AF_INET, AF_INET6, SOCK_STREAM, inet_pton
from _thread import get_ident
from contextlib import suppress
from typing import Any

from .frames import PROJECT, Spot, spots_of, standard_module, this_frame
from .journal import tell
from .watchdog import watched_here

CALLS = frozenset({"socket.connect", "socket.getaddrinfo", "subprocess.Popen", "sqlite3.connect", "open"})

# A file is opened by the project when nothing but these lies between. A template that Django opens is Django's affair.
FILE_MODULES = frozenset(
    {"_pyio", "bz2", "codecs", "fileinput", "gzip", "io", "lzma", "pathlib", "shutil", "tarfile", "tempfile", "zipfile"}
)
NO_REAL_FILES = ("/dev/", "/proc/", "/sys/")

_telling: set[int] = set()


def install() -> None:
    """Listen to Python's audit events. Cannot be undone; costs a set look-up for all events but a few."""
    sys.addaudithook(_hook)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in CALLS:
        return
    watchdog = watched_here()
    ident = get_ident()
    if watchdog is None or ident in _telling:
        return
    _telling.add(ident)
    try:
        # An error that left this hook would forbid the learner's call.
        with suppress(Exception):
            if _blocks(event, arguments):
                _tell(event, spots_of(this_frame(1))[watchdog.base :])
    finally:
        _telling.discard(ident)


def _blocks(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether such a call can make its thread wait."""
    match event:
        case "socket.connect":
            sock = arguments[0]
            is_tcp = sock.family in (AF_INET, AF_INET6) and sock.type == SOCK_STREAM
            return is_tcp and sock.gettimeout() != 0.0  # the loop's own connections never wait
        case "socket.getaddrinfo":
            return not _is_numeric(arguments[0])
        case "open":
            return isinstance(arguments[0], (str, bytes)) and not str(arguments[0]).startswith(NO_REAL_FILES)
        case _:
            return True


def _is_numeric(host: str | bytes | None) -> bool:
    if not host:
        return True
    name = host if isinstance(host, str) else host.decode("ascii", "replace")
    for family in (AF_INET, AF_INET6):
        with suppress(OSError):
            inet_pton(family, name)
            return True
    return False


def _tell(event: str, spots: list[Spot]) -> None:
    spot = PROJECT.innermost(spots)
    if spot is None or any(other.in_import for other in spots):
        return
    inner = spots[len(spots) - spots[::-1].index(spot) :]
    between = {standard_module(other.code.co_filename) for other in inner}
    # asyncio starts children with subprocess, and means well.
    if "asyncio" in between or (event == "open" and not between <= FILE_MODULES):
        return
    tell("loop.called", call=event, where=PROJECT.where(spot))
