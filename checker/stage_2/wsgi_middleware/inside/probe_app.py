"""The app behind the learner's middleware: it does all that PEP 3333 allows, and records how it is treated.

Runs in a child process, beside the learner's code, and judges nothing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.validate import validator

from checker.stage_2.wsgi_middleware.inside.places import Seen, caller, definition

CHUNKS = (b"first ", b"second ", b"third")
WITH_GAP = (CHUNKS[0], b"", *CHUNKS[1:])
WRITTEN = (b"written ", b"twice ", b"tail")
SLOW_S = 0.2

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class ProbeApp:
    """The app inside: what it does is its mode, and how it is treated is on record."""

    def __init__(self, mode: str, chunks: tuple[bytes, ...] = CHUNKS, status: str = "200 OK") -> None:
        self.mode = mode
        self.chunks = chunks
        self.status = status
        self.calls = self.pulled = self.closed = 0
        self.lasted_s = 0.0  # from the call to the end of its body
        self.pulled_ahead_at: Seen | None = None
        self.given_id: str | None = None
        self.starter: Seen | None = None
        self.called_at: Seen | None = None
        self.pulled_at: Seen | None = None
        self.closed_at: Seen | None = None
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
                for data in WRITTEN[:-1]:
                    write(data)
                return [WRITTEN[-1]]
            case "lazy":
                return self._lazy(start_response, headers)
            case "bad-iter":
                start_response("200 OK", headers)
                return _NoIterator(self)
            case "own-iterator" | "generator":
                start_response("200 OK", headers)
                return _Collection(self)
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
            self.pulled_at = caller()
            yield chunk
        self.ended()

    def ended(self) -> None:
        """Called when its body has ended."""
        self.lasted_s = time.monotonic() - self._called_s

    def entered_through(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The app as the middleware gets it: checked by wsgiref.validate, the caller's start_response on record."""
        self.starter, self.called_at, self._called_s = definition(start_response), caller(), time.monotonic()
        if self.mode in ("write", "exc", "bad-iter", "own-iterator", "generator"):
            return self(environ, start_response)  # the validator would hide what it is, a plain list say
        checked: Any = validator(self)
        body: Iterable[bytes] = checked(environ, start_response)
        return body


class _NoIterator:
    """A body that cannot even be begun, as a cursor whose connection is gone; closed it must be all the same."""

    def __init__(self, app: ProbeApp) -> None:
        self._app = app

    def __iter__(self) -> Iterator[bytes]:
        self._app.pulled_at = caller()
        raise LookupError("the app's body could not be begun")

    def close(self) -> None:
        self._app.closed += 1


class _Collection:
    """A body whose iterator is another object, as that of Django's response is: to close that one closes nothing."""

    def __init__(self, app: ProbeApp) -> None:
        self._app = app

    def __iter__(self) -> Iterator[bytes]:
        chunks = map(self._given, self._app.chunks)  # has no close()
        return (chunk for chunk in chunks) if self._app.mode == "generator" else chunks

    def _given(self, chunk: bytes) -> bytes:
        self._app.pulled_at = caller()
        self._app.pulled += 1
        return chunk

    def close(self) -> None:
        self._app.closed += 1


class _Chunks:
    """A body with a `close` that must be called, as a file or a database cursor has one."""

    def __init__(self, app: ProbeApp) -> None:
        self._app = app

    def __iter__(self) -> _Chunks:
        return self

    def __next__(self) -> bytes:
        app = self._app
        app.pulled_at = caller()
        if app.pulled > app.passed_on() and app.pulled_ahead_at is None:
            app.pulled_ahead_at = caller()
        if app.pulled == len(app.chunks):
            if app.mode == "slow":
                time.sleep(SLOW_S)  # an app may have work to do after its last chunk
            app.ended()
            raise StopIteration
        if (app.mode, app.pulled) in (("raise-first", 0), ("raise", 1)):
            raise LookupError("the app failed in its body")
        app.pulled += 1
        return app.chunks[app.pulled - 1]

    def close(self) -> None:
        self._app.closed += 1
        self._app.closed_at = caller()
        if self._app.mode == "bad-close":
            raise LookupError("the app failed in its body's close()")
