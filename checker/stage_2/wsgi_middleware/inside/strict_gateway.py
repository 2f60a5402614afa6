"""A strict PEP 3333 server for one request in one thread, and the app behind the learner's middleware.

Runs in a child process, beside the learner's code. It records; what it comes to is judged in duties.py.
"""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import CodeType, FrameType, GeneratorType, TracebackType
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

CHUNKS = (b"first ", b"second ", b"third")
WITH_GAP = (CHUNKS[0], b"", *CHUNKS[1:])
WRITTEN = (b"written ", b"tail")
SLOW_S = 0.2

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Seen = dict[str, Any]


class ProbeApp:
    """The app inside: what it does is its mode, and how it is treated is on record."""

    def __init__(self, mode: str, chunks: tuple[bytes, ...] = CHUNKS, status: str = "200 OK") -> None:
        self.mode = mode
        self.chunks = chunks
        self.status = status
        self.calls = self.pulled = self.closed = 0
        self.pulled_ahead_at: Seen | None = None
        self.given_id: str | None = None
        self.starter: Seen | None = None
        self.passed_on: Callable[[], int] = lambda: 0  # how many chunks the server has seen, empty ones too

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """One request; each mode is something that PEP 3333 allows an app to do."""
        self.calls += 1
        self.given_id = environ.get("HTTP_X_REQUEST_ID")
        headers = [("Content-Type", "text/plain")]
        match self.mode:
            case "fail":
                raise LookupError("the app raised before it answered")
            case "exit":
                raise SystemExit("a worker is told to stop while it is in the app")
            case "write":
                write = start_response("200 OK", headers)
                write(WRITTEN[0])
                return [WRITTEN[1]]
            case "lazy":
                return self._lazy(start_response, headers)
            case "exc":
                start_response("200 OK", headers)
                try:
                    raise LookupError("the app failed after it had started")
                except LookupError:
                    start_response("500 Internal Server Error", headers, sys.exc_info())
                return [b"sorry"]
        start_response(self.status, headers)
        return _Chunks(self)

    def _lazy(self, start_response: Callable[..., Any], headers: list[tuple[str, str]]) -> Iterator[bytes]:
        # A generator: not even this line runs before the first chunk is asked for.
        start_response(self.status, headers)
        for chunk in self.chunks:
            self.pulled += 1
            yield chunk

    def entered_through(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The app as the middleware gets it: checked by wsgiref.validate, the caller's start_response on record."""
        self.starter = definition(start_response)
        if self.mode in ("write", "exc"):
            return self(environ, start_response)  # a plain list: the validator would hide what it is
        checked: Any = validator(self)
        body: Iterable[bytes] = checked(environ, start_response)
        return body


class _Chunks:
    """A body with a `close` that must be called, as a file or a database cursor has one."""

    def __init__(self, app: ProbeApp) -> None:
        self._app = app

    def __iter__(self) -> _Chunks:
        return self

    def __next__(self) -> bytes:
        app = self._app
        if app.pulled > app.passed_on() and app.pulled_ahead_at is None:
            app.pulled_ahead_at = caller()
        if app.pulled == len(app.chunks):
            if app.mode == "slow":
                time.sleep(SLOW_S)  # an app may have work to do after its last chunk
            raise StopIteration
        if (app.mode, app.pulled) in (("raise-first", 0), ("raise", 1)):
            raise LookupError("the app failed in its body")
        app.pulled += 1
        return app.chunks[app.pulled - 1]

    def close(self) -> None:
        self._app.closed += 1
        if self._app.mode == "bad-close":
            raise LookupError("the app failed in its body's close()")


class Visit:
    """One request through `middleware(probe app)`: begun, pulled and closed step by step, as a server does it."""

    def __init__(
        self, middleware: Callable[[App], App], app: ProbeApp, *, request_id: str | None, path: str, method: str = "GET"
    ) -> None:
        self.app = app
        self.asked = {"request_id": request_id, "method": method, "path": path}
        self.started: list[Seen] = []
        self.chunks: list[bytes] = []
        self.raised: Seen | None = None
        app.passed_on = lambda: len(self.chunks)
        self._environ: dict[str, Any] = {"QUERY_STRING": "", "SCRIPT_NAME": "", "PATH_INFO": path}
        self._environ["REQUEST_METHOD"] = method
        setup_testing_defaults(self._environ)
        self._environ["wsgi.errors"] = sys.stderr
        if request_id is not None:
            self._environ["HTTP_X_REQUEST_ID"] = request_id
        self._middleware = middleware
        self._body_place: Seen | None = None
        self._body: Any = None
        self._iterator: Iterator[bytes] | None = None

    def begin(self) -> None:
        """Call the middleware, and ask what it returned for an iterator."""
        with self._kept():
            around = self._middleware(self.app.entered_through)

            def watched(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
                body = around(environ, start_response)
                self._body_place = definition(body)
                return body

            self._body = validator(watched)(self._environ, self._start_response)
            self._iterator = iter(self._body)

    def pull(self) -> bool:
        """Ask for one chunk; False when there is none any more."""
        with self._kept():
            if self._iterator is not None and self.raised is None:
                chunk = next(self._iterator, None)
                if chunk is not None:
                    if not self.started:
                        raise AssertionError("a chunk came, but start_response had not been called")
                    self.chunks.append(chunk)
                    return True
        return False

    def close(self) -> None:
        """Close the body, as a server must, whatever has happened before; a layer further out may do it twice."""
        with self._kept():
            if self._body is not None:
                self._body.close()

    @property
    def seen(self) -> Seen:
        """All that is known now. Call it while the visit is alive: what only dies with it was not closed."""
        app = self.app
        return {
            "asked": self.asked,
            "started": self.started,
            "body": b"".join(self.chunks).decode("latin-1"),
            "raised": self.raised,
            "app": {"calls": app.calls, "pulled": app.pulled, "closed": app.closed, "given_id": app.given_id},
            "pulled_ahead_at": app.pulled_ahead_at,
            "where": {"starter": app.starter, "body": self._body_place},
        }

    def _start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        if exc_info is not None and any(self.chunks):
            raise exc_info[1].with_traceback(exc_info[2])
        if exc_info is None and self.started:
            raise AssertionError("start_response was called a second time without exc_info")
        self.started.append({"status": status, "headers": [list(h) for h in headers], "exc_info": exc_info is not None})
        return self.chunks.append

    def _kept(self) -> _Kept:
        return _Kept(self)


class _Kept:
    """Keeps the error that leaves the middleware: the first one counts, what follows comes of it."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, (Exception, SystemExit)):
            return False
        if self._visit.raised is None:
            error = _broken_rule(error)
            where = innermost(error.__traceback__)
            self._visit.raised = {"type": type(error).__name__, "message": str(error)[:300], "where": where}
        return True


def _broken_rule(error: BaseException) -> BaseException:
    """The broken rule of WSGI that led to this error, if one did: what was raised on the way out only hides it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, AssertionError):
            return cause
        cause = cause.__context__
    return error


# --- places in the learner's project, which is the folder that the child runs in ---


def caller(frame: FrameType | None = None) -> Seen | None:
    """The innermost line of the project on this stack, or on the caller's own."""
    frame = frame or sys._getframe()  # noqa: SLF001 - the only door to the stack
    while frame is not None:
        if (place := _place(frame.f_code, frame.f_lineno)) is not None:
            return place
        frame = frame.f_back
    return None


def innermost(trace: TracebackType | None) -> Seen | None:
    """The innermost line of the project that an error came through."""
    place = None
    while trace is not None:
        place = _place(trace.tb_frame.f_code, trace.tb_lineno) or place
        trace = trace.tb_next
    return place


def definition(thing: object) -> Seen | None:
    """The line where a function, a generator or an object's class is defined, if that is in the project."""
    if isinstance(thing, partial):
        thing = thing.func
    thing = getattr(thing, "__func__", thing)
    code = thing.gi_code if isinstance(thing, GeneratorType) else getattr(thing, "__code__", None)
    if isinstance(code, CodeType):
        return _place(code, code.co_firstlineno)
    kind = thing if isinstance(thing, type) else type(thing)
    with suppress(OSError, TypeError):
        file, (_, line) = inspect.getsourcefile(kind), inspect.getsourcelines(kind)
        return _located(file or "", line, kind.__name__)
    return None


def _place(code: CodeType, line: int) -> Seen | None:
    return _located(code.co_filename, line, code.co_name)


def _located(file: str, line: int, function: str) -> Seen | None:
    try:
        path = Path(file).resolve().relative_to(Path.cwd())
    except ValueError:
        return None
    lines = Path(file).read_text(errors="replace").splitlines()
    doing = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return {"file": str(path), "line": line, "function": function, "doing": doing}
