"""A strict PEP 3333 server for one request in one thread.

Runs in a child process, beside the learner's code. It records; what it comes to is judged outside, in protocol.py.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from types import GeneratorType, TracebackType
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

from checker.stage_2.wsgi_middleware.inside.places import Returning, Seen, caller, definition, innermost
from checker.stage_2.wsgi_middleware.inside.probe_app import App, ProbeApp


class StrictVisit:
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
        self._returned_at: Seen | None = None
        self._started_at: Seen | None = None
        self._written_at: Seen | None = None
        self._returned: Any = None
        self._body: Any = None
        self._iterator: Iterator[bytes] | None = None

    def begin(self) -> None:
        """Call the middleware, and ask what it returned for an iterator."""
        with self._kept():
            around = self._middleware(self.app.entered_through)

            def watched(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
                with Returning() as returning:
                    self._returned = around(environ, start_response)
                self._body_place, self._returned_at = definition(self._returned), returning.place
                returned: Iterable[bytes] = self._returned
                return returned

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
            # None of the validator's: what was returned could not be begun, which is no reason not to close it.
            body = self._returned if self._body is None else self._body
            if hasattr(body, "close"):
                body.close()

    @property
    def seen(self) -> Seen:
        """All that is known now. Call it while the visit is alive: what only dies with it was not closed."""
        app = self.app
        return {
            "asked": self.asked,
            "started": self.started,
            "body": b"".join(self.chunks).decode("latin-1"),
            "raised": self.raised,
            "app": {
                "calls": app.calls,
                "pulled": app.pulled,
                "closed": app.closed,
                "given_id": app.given_id,
                "lasted_s": app.lasted_s,
            },
            "pulled_ahead_at": app.pulled_ahead_at,
            "where": {
                "starter": app.starter,
                "started": self._started_at,
                "written": self._written_at,
                "called": app.called_at,
                "pulled": app.pulled_at,
                "closed": app.closed_at,
                "returned": self._returned_at,
                "body": self._body_place,
            },
            "is_generator": isinstance(self._returned, GeneratorType),
        }

    def _start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        self._started_at = caller() or self._started_at
        if exc_info is not None and any(self.chunks):
            raise exc_info[1].with_traceback(exc_info[2])
        if exc_info is None and self.started:
            raise AssertionError("start_response was called a second time without exc_info")
        self.started.append({"status": status, "headers": [list(h) for h in headers], "exc_info": exc_info is not None})
        return self._write

    def _write(self, data: bytes) -> None:
        # Without a write() of the learner's, the innermost line of theirs is the one that called the app.
        at = caller()
        self._written_at = None if at == self.app.called_at else at
        self.chunks.append(data)

    def _kept(self) -> _Kept:
        return _Kept(self)


class _Kept:
    """Keeps the error that leaves the middleware: the first one counts, what follows comes of it."""

    def __init__(self, visit: StrictVisit) -> None:
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
