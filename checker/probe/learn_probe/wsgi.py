"""The learner's WSGI app, watched: a server that is given `learn_probe.wsgi:application` serves LEARN_APP."""

from __future__ import annotations

from _thread import get_native_id
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from .errors import REQUEST_VARIABLE, raised
from .journal import tell
from .loading import load

_app = load("wsgi")


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Serve one request by the learner's app, which gets the server's own environ."""
    visit = _Visit(str(environ.get(REQUEST_VARIABLE, "")))
    path = str(environ.get("PATH_INFO", ""))
    tell("app.entered", request=visit.request, path=path, scope="wsgi", thread=get_native_id(), loop=False)

    def started(status: str, *rest: Any, **named: Any) -> Any:
        visit.status = status[:3]
        return start_response(status, *rest, **named)

    try:
        body = _app(environ, started)
    except BaseException as error:
        visit.raised(error)
        visit.left()
        raise
    watched: Iterable[bytes] = _watched(body, environ.get("wsgi.file_wrapper"), visit)
    return watched


class _Visit:
    """One request on its way through the app."""

    def __init__(self, request: str) -> None:
        self.request = request
        self.status = ""
        self._is_over = False

    def raised(self, error: BaseException) -> None:
        raised(self.request, error)

    def left(self) -> None:
        if not self._is_over:
            self._is_over = True
            tell("app.left", request=self.request, status=int(self.status) if self.status.isdecimal() else None)


def _watched(body: Any, file_wrapper: Any, visit: _Visit) -> Any:
    if isinstance(file_wrapper, type) and isinstance(body, file_wrapper) and _watch_close(body, visit):
        return body  # the server knows its own file wrapper by its type, and sends the file without reading it
    return _SizedBody(body, visit) if hasattr(body, "__len__") else _Body(body, visit)


def _watch_close(body: Any, visit: _Visit) -> bool:
    close = getattr(body, "close", None)

    def closed() -> None:
        try:
            if close is not None:
                close()
        finally:
            visit.left()

    with suppress(AttributeError, TypeError):  # a wrapper written in C takes no attributes
        body.close = closed
        return True
    return False


class _Body:
    """The app's iterable: each chunk is asked for when the server asks, and `close` is passed on."""

    def __init__(self, body: Iterable[bytes], visit: _Visit) -> None:
        self._body = body
        self._chunks: Iterator[bytes] | None = None
        self._visit = visit

    def __iter__(self) -> _Body:
        self._chunks = self._asked(iter, self._body)
        return self

    def __next__(self) -> bytes:
        if self._chunks is None:
            self._chunks = self._asked(iter, self._body)
        chunk: bytes = self._asked(next, self._chunks)
        return chunk

    def close(self) -> None:
        try:
            if hasattr(self._body, "close"):
                self._body.close()
        except BaseException as error:
            self._visit.raised(error)
            raise
        finally:
            self._visit.left()

    def _asked(self, question: Callable[[Any], Any], of: Any) -> Any:
        try:
            return question(of)
        except StopIteration:
            raise
        except BaseException as error:
            self._visit.raised(error)
            raise


class _SizedBody(_Body):
    """A body whose length is known: a server may set Content-Length from a list of one (PEP 3333)."""

    def __len__(self) -> int:
        return len(self._body)  # type: ignore[arg-type]
