"""A Python that has imported Django and the servers, and forks one for each server that a grader asks for (Linux).

python -P main.py FD: what comes over this socket is a socket for each grading. For each a *nursery* is forked, which
takes orders from that grader alone, adopts whatever leaves its server there, and ends it all when the grader is gone.

Stands alone, on the standard library: nothing of the course is imported where the learner's code will run. A server
that comes from here runs the same code on the same sockets as one started by `python -P -m SERVER`; what it has not to
do is to read the same thousand modules first. Only the system still shows the zygote's own command line and environment
for it. An order is a line of JSON,

    {"module", "arguments", "folder", "environment", "passed"}

with descriptors: a pipe, then stdin, stdout and stderr, then those to be found under the numbers `passed`. Over the
pipe come a line with the pid (or `cold`, for what cannot be started here), and one with the return code at the end.
"""

from __future__ import annotations

import fcntl
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import time
import types
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

ORDER_BYTES = 65_536
DESCRIPTORS = 32
END_S = 5.0
COLD = b"cold\n"
# What differs between any two servers; no module below keeps it.
OWN = {"HOME", "TMPDIR"}
# What Python itself, or the C library, reads at its start; but for the path, which is set here.
READ_AT_START = ("PYTHON", "LC_", "LANG", "TZ", "LD_", "MALLOC_")
PATH = "PYTHONPATH"
# What servers import of others. Not gunicorn, which reads variables as it is imported: it is small, and its workers
# have Django from here. Not daphne.server either, which makes an event loop.
PRELOADED = (
    *("asyncio", "http.client", "logging.config", "sqlite3", "urllib.request"),
    *("django.core.asgi", "django.core.wsgi", "django.core.management", "django.shortcuts", "django.urls"),
    *("django.db.models", "django.db.backends.sqlite3.base", "django.db.migrations.executor", "django.forms"),
    *("django.contrib.auth.apps", "django.contrib.auth.hashers", "django.contrib.contenttypes.apps"),
    *("django.contrib.messages.middleware", "django.contrib.sessions.middleware", "django.contrib.staticfiles.apps"),
    *("django.middleware.common", "django.middleware.csrf", "django.middleware.security"),
    *("django.template.backends.django", "django.views.decorators.csrf", "django.views.generic"),
    *("channels.apps", "channels.auth", "channels.generic.websocket", "channels.security.websocket"),
    *("channels_redis.core", "channels_redis.pubsub"),
    *("uvicorn.main", "uvicorn.lifespan.on", "uvicorn.loops.auto", "uvloop", "uvicorn.supervisors"),
    *("uvicorn.protocols.http.httptools_impl", "uvicorn.protocols.websockets.websockets_sansio_impl"),
    *("autobahn.twisted.websocket", "twisted.internet.asyncioreactor", "twisted.internet.endpoints"),
    *("twisted.internet.ssl", "twisted.web.http", "daphne.http_protocol", "daphne.ws_protocol"),
)

PR_SET_DUMPABLE = 4  # linux/prctl.h
PR_SET_CHILD_SUBREAPER = 36

Order = dict[str, Any]


def serve(control: socket.socket) -> str:
    """Fork a nursery for each socket that comes. Returns only in a server: the module that it has to run."""
    read = preload()
    woken = _waking()
    while True:
        ready, _, _ = select.select([control, woken], [], [])
        if woken in ready:
            ended(woken)
        if control in ready:
            _, descriptors, _, _ = socket.recv_fds(control, 1, 1)
            if not descriptors:
                with suppress(ChildProcessError):  # each of them ends with its grader
                    while True:
                        os.wait()
                os._exit(0)
            if not os.fork():
                control.close()
                return nurse(socket.socket(fileno=descriptors[0]), read)
            os.close(descriptors[0])


def preload() -> dict[str, str | None]:
    """Import what servers import. Returns the variables of the environment that were asked for, with their values."""
    read: Any = set()
    kind: Any = type(os.environ)
    get, has = kind.__getitem__, kind.__contains__
    kind.__getitem__ = lambda self, name: read.add(name) or get(self, name)
    kind.__contains__ = lambda self, name: read.add(name) or has(self, name)
    try:
        for name in PRELOADED:
            with suppress(ImportError):  # what is not installed is told by the server that needs it
                importlib.import_module(name)
    finally:
        kind.__getitem__, kind.__contains__ = get, has
    gc.collect()
    gc.freeze()
    return {name: os.environ.get(name) for name in read - OWN}


def nurse(orders: socket.socket, read: Mapping[str, str | None]) -> str:
    """For one grading: fork a server for each order, and tell how it ended. Returns only in a server: its module."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    _prctl(PR_SET_DUMPABLE, 0)  # no server can take our descriptors
    woken = _waking()
    pipes = dict[int, int]()  # by the pid of the server
    orders.sendall(b"%d\n" % os.getpid())
    while True:
        ready, _, _ = select.select([orders, woken], [], [])
        if woken in ready:
            for pid, status in ended(woken):
                if pid in pipes:
                    _tell(pipes[pid], b"%d\n" % os.waitstatus_to_exitcode(status))
                    os.close(pipes.pop(pid))
        if orders in ready:
            line, descriptors = received(orders)
            if not line:
                _end_all()
                os._exit(0)
            order: Order = json.loads(line)
            pipe, *own = descriptors
            if not _is_as_here(order["environment"], read):
                _tell(pipe, COLD)
                own.append(pipe)
            elif pid := os.fork():
                pipes[pid] = pipe
                _tell(pipe, b"%d\n" % pid)
            else:
                return _become(order, own)
            for descriptor in own:
                os.close(descriptor)


def _is_as_here(environment: Mapping[str, str], read: Mapping[str, str | None]) -> bool:
    """Whether a start in this environment would have come to what is here: the same interpreter, the same modules."""
    at_start = {name for name in {*environment, *os.environ} if name.startswith(READ_AT_START)} - {PATH}
    here = {**read, **{name: os.environ.get(name) for name in at_start}}
    return all(environment.get(name) == value for name, value in here.items())


def _become(order: Order, descriptors: Sequence[int]) -> str:
    """Make of this process what its start by `python -P -m` would have made of it, but for the modules it knows."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _place(descriptors, [0, 1, 2, *order["passed"]])
    _prctl(PR_SET_DUMPABLE, 1)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    folders = [folder for folder in os.environ.get(PATH, "").split(os.pathsep) if folder]
    sys.path[:0] = folders
    sys.argv = ["-m", *order["arguments"]]
    sys.orig_argv = [sys.executable, "-P", "-m", order["module"], *order["arguments"]]
    sys.modules["__main__"] = main = types.ModuleType("__main__")
    vars(main).update({"__annotations__": {}} if "__annotations__" in globals() else {})
    if any(os.path.exists(os.path.join(folder, "sitecustomize.py")) for folder in folders):  # noqa: PTH110, PTH118
        sys.modules.pop("sitecustomize", None)
        importlib.import_module("sitecustomize")
    module: str = order["module"]
    return module


def _place(descriptors: Sequence[int], numbers: Sequence[int]) -> None:
    """Have these descriptors under these numbers, and no other open."""
    aside = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, max(numbers) + 1) for descriptor in descriptors]
    for descriptor, number in zip(aside, numbers, strict=True):
        os.dup2(descriptor, number)
    for descriptor in map(int, os.listdir("/proc/self/fd")):  # noqa: PTH208
        if descriptor not in numbers:
            with suppress(OSError):  # that of the list itself
                os.close(descriptor)


def received(orders: socket.socket) -> tuple[bytes, list[int]]:
    """One order, with its descriptors; nothing when none comes any more."""
    line, descriptors = b"", list[int]()
    while not line.endswith(b"\n"):
        part, more, _, _ = socket.recv_fds(orders, ORDER_BYTES, DESCRIPTORS)
        if not part:
            return b"", []
        line += part
        descriptors += more
    return line, descriptors


def _tell(pipe: int, line: bytes) -> None:
    with suppress(OSError):  # nobody listens any more
        os.write(pipe, line)


def _end_all() -> None:
    """Kill what lives in this nursery. Whoever loses its parent by that becomes our child, and is killed next."""
    end_s = time.monotonic() + END_S
    with suppress(ChildProcessError), open(f"/proc/self/task/{os.getpid()}/children") as children:  # noqa: PTH123
        while time.monotonic() < end_s:
            children.seek(0)
            for pid in children.read().split():
                os.kill(int(pid), signal.SIGKILL)
            os.waitpid(-1, 0)


def _waking() -> socket.socket:
    """A socket that can be read once a child has ended."""
    woken, waker = socket.socketpair()
    for end in (woken, waker):
        end.setblocking(False)
    signal.set_wakeup_fd(waker.detach())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return woken


def ended(woken: socket.socket) -> list[tuple[int, int]]:
    """The children that have ended, each with its status."""
    found = []
    with suppress(BlockingIOError):
        while woken.recv(ORDER_BYTES):
            pass
    with suppress(ChildProcessError):
        while (child := os.waitpid(-1, os.WNOHANG))[0]:
            found.append(child)
    return found


def _prctl(option: int, value: int) -> None:
    import ctypes

    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    # As `python -m` does it, so that a traceback, the exit code and whoever asks for __main__ find the same.
    runpy._run_module_as_main(serve(socket.socket(fileno=int(sys.argv[1]))))  # type: ignore[attr-defined]  # noqa: SLF001
