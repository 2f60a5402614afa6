"""The WSGI app that the learner's server and adapter serve: `gateway_lab:application` and `gateway_lab:asgi`.

Runs in the learner's process, from a copy outside the project. Below /lab/ it looks closely at how it is called, and
tells by the probe's journal; everything else is the shop's.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from _thread import get_native_id
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import Any
from wsgiref.validate import validator

from learn_probe.errors import described  # type: ignore[import-not-found]
from learn_probe.frames import PROJECT, spots_of, this_frame  # type: ignore[import-not-found]
from learn_probe.journal import tell  # type: ignore[import-not-found]
from shop.wsgi import application as shop  # type: ignore[import-not-found]

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Page = Callable[[Environ, StartResponse, str], Iterable[bytes]]

TEXT = (("Content-Type", "text/plain"),)  # each answer has a list of its own: a server may change it (PEP 3333)
CHUNK_BYTES = 65_536
MANY_CHUNKS = 500
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """What the learner's own server serves: the pages, with the events that the probe tells of other servers."""
    request, path = str(environ.get("HTTP_X_LEARN_REQUEST", "")), str(environ.get("PATH_INFO", ""))
    tell("lab.entered", request=request, path=path)
    if not request:
        return _led(environ, start_response)
    tell("app.entered", request=request, path=path, scope="wsgi", thread=get_native_id(), loop=False)
    try:
        answer = _led(environ, start_response)
    except BaseException:
        tell("app.left", request=request)
        raise
    if hasattr(answer, "close"):
        return Watched(answer, lambda: tell("app.left", request=request))
    tell("app.left", request=request)
    return answer


def _led(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Lead to a page of the lab, or to the shop."""
    path = str(environ.get("PATH_INFO", ""))
    # More than one leading slash may have become one on the way, as http.server does it.
    page, _, tag = f"/{path.lstrip('/')}".removeprefix("/lab/").partition("/")
    if not path.lstrip("/").startswith("lab/") or page not in PAGES:
        answer: Iterable[bytes] = shop(environ, start_response)
        return answer
    return PAGES[page](environ, start_response, tag.strip("/"))


def __getattr__(name: str) -> Any:
    """The same app through the learner's adapter: `asgi`, made when it is asked for."""
    if name != "asgi":
        raise AttributeError(name)
    from gateway.wsgi_to_asgi import wsgi_to_asgi  # type: ignore[import-not-found]

    return wsgi_to_asgi(_led)


class Watched:
    """An answer whose `close()` is noticed. Only for answers that have one: a list's has to stay without."""

    def __init__(self, answer: Iterable[bytes], closed: Callable[[], None]) -> None:
        self._answer = answer
        self._closed = closed

    def __iter__(self) -> Iterator[bytes]:
        """The chunks."""
        return iter(self._answer)

    def close(self) -> None:
        """The server has done its duty."""
        try:
            if hasattr(self._answer, "close"):
                self._answer.close()
        finally:
            self._closed()


def _closing_told(tag: str, chunks: Iterable[bytes]) -> Watched:
    return Watched(chunks, lambda: tell("lab.closed", tag=tag))


class Strict:
    """The validator's iterator, whose complaints are told of."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __iter__(self) -> Iterator[bytes]:
        """The iterator itself, as the validator's does."""
        return self

    def __next__(self) -> bytes:
        """The next chunk."""
        return bytes(_complaining(lambda: next(self._inner)))

    def close(self) -> None:
        """Close what the validator wraps."""
        _complaining(self._inner.close)


def _complaining(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except AssertionError as error:
        place = PROJECT.where(PROJECT.innermost(spots_of(this_frame())))
        tell("lab.violation", patient=True, **{**described(error), "where": place})
        raise


# --- the pages --------------------------------------------------------------------------------------


def _environ(environ: Environ, start_response: StartResponse, _tag: str) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "application/json")])
    shown = {name: value if isinstance(value, (str, bool)) else repr(value) for name, value in environ.items()}
    return [json.dumps(shown).encode()]


def _strict(environ: Environ, start_response: StartResponse, _tag: str) -> Iterable[bytes]:
    return Strict(_complaining(lambda: validator(_reads_lines)(environ, start_response)))


def _reads_lines(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    given = environ["wsgi.input"]
    first, second = given.readline(), given.read(4)
    tell("lab.lines", first=first.decode("latin-1"), second=second.decode("latin-1"), rest=len(given.readlines()))
    environ["wsgi.errors"].write("")
    environ["wsgi.errors"].flush()
    start_response("200 OK", list(TEXT))
    return [b"strict"]


def _reading(read: Callable[[Environ], Any]) -> Page:
    """A page that reads the whole body in one of the ways there are."""

    def page(environ: Environ, start_response: StartResponse, tag: str) -> Iterable[bytes]:
        tell("lab.reading", tag=tag)
        body = read(environ)
        tell("lab.read", tag=tag, type=type(body).__name__, bytes=len(body), digest=sha256(bytes(body)).hexdigest())
        start_response("200 OK", list(TEXT))
        return [b"read"]

    return page


def _line_by_line(given: Any) -> Iterator[bytes]:
    while line := given.readline():
        yield line


def _write(_environ: Environ, start_response: StartResponse, tag: str) -> Iterable[bytes]:
    write = start_response("200 OK", list(TEXT))
    tell("lab.write", is_callable=callable(write))
    if callable(write):
        write(b"written, ")
    if not tag:
        return [b"returned"]
    _hold(tag)
    return []


def _pushed(_environ: Environ, start_response: StartResponse, _tag: str) -> Iterable[bytes]:
    write = start_response("200 OK", [*TEXT, ("Content-Length", "12")])
    for piece in (b"twelve ", b"bytes and more", b", and more"):
        write(piece)
    return []


def _lazy(_environ: Environ, start_response: StartResponse, _tag: str) -> Iterator[bytes]:
    start_response("203 Lazy", [*TEXT, ("X-Lab", "lazy")])
    yield b""
    yield b"lazy"


def _late(_environ: Environ, start_response: StartResponse, _tag: str) -> Iterator[bytes]:
    start_response("200 OK", list(TEXT))
    yield b""
    try:
        raise RuntimeError("the lab's own error, known before the first byte")
    except RuntimeError as error:
        given = sys.exc_info()
        _started_again(lambda: start_response("503 Sorry", [*TEXT, ("X-Lab", "late")], given), error)
    yield b"sorry"


def _raise(_environ: Environ, start_response: StartResponse, _tag: str) -> Iterable[bytes]:
    start_response("200 OK", list(TEXT))
    raise RuntimeError("the lab's own error, before the first byte")


def _break(_environ: Environ, start_response: StartResponse, tag: str) -> Iterable[bytes]:
    def chunks() -> Iterator[bytes]:
        yield b"ten bytes\n"
        raise RuntimeError("the lab's own error, in the middle of the body")

    start_response("200 OK", [*TEXT, ("Content-Length", "100")])
    return _closing_told(tag, chunks())


def _cut(_environ: Environ, start_response: StartResponse, _tag: str) -> Iterator[bytes]:
    start_response("200 OK", list(TEXT))
    yield b"a part"
    raise RuntimeError("the lab's own error, in the middle of a body of unknown length")


def _closing(_environ: Environ, start_response: StartResponse, tag: str) -> Iterable[bytes]:
    start_response("200 OK", list(TEXT))
    return _closing_told(tag, [b"closing"])


def _long(_environ: Environ, start_response: StartResponse, tag: str) -> Iterable[bytes]:
    def chunks() -> Iterator[bytes]:
        yield b"first"
        _hold(tag)
        # More than any buffer takes: a server whose visitor has left must notice, or come to the end.
        yield from (b"-" * CHUNK_BYTES for _ in range(MANY_CHUNKS))
        tell("lab.made_all", tag=tag)

    start_response("200 OK", list(TEXT))
    return _closing_told(tag, chunks())


def _held(_environ: Environ, start_response: StartResponse, tag: str) -> Iterable[bytes]:
    _hold(tag)
    start_response("200 OK", list(TEXT))
    return [tag.encode()]


def _sign(_environ: Environ, start_response: StartResponse, tag: str) -> Iterable[bytes]:
    start_response("200 OK", [*TEXT, ("Content-Length", "12")])
    return _closing_told(tag, [b"twelve bytes"])


def _over(_environ: Environ, start_response: StartResponse, tag: str) -> Iterable[bytes]:
    start_response("200 OK", [*TEXT, ("Content-Length", "12")])
    return _closing_told(tag, [b"twelve ", b"bytes and more", b", and more"])


def _twice(_environ: Environ, start_response: StartResponse, _tag: str) -> Iterable[bytes]:
    start_response("200 OK", list(TEXT))
    _started_again(lambda: start_response("404 Not Found", list(TEXT)))
    return [b"twice"]


def _restart(_environ: Environ, start_response: StartResponse, _tag: str) -> Iterator[bytes]:
    start_response("200 OK", list(TEXT))
    yield b"the head has left with this"
    try:
        raise RuntimeError("the lab's own error, behind the first byte")
    except RuntimeError as error:
        given = sys.exc_info()
        _started_again(lambda: start_response("503 Sorry", list(TEXT), given), error)
    yield b", and nothing was raised"


def _started_again(call: Callable[[], Any], given: BaseException | None = None) -> None:
    """Tell what a second start_response raises: "" for nothing, and whether that is the error it was given."""
    try:
        call()
    except BaseException as error:
        # A new one of the same type, made from the first, says as much.
        is_given = (type(error), str(error)) == (type(given), str(given))
        tell("lab.again", raised=f"{type(error).__name__}: {error}", is_given=is_given)
        raise
    tell("lab.again", raised="", is_given=False)


def _hold(tag: str) -> None:
    with _opener.open(f"{os.environ['UPSTREAM_URL']}/hold/{tag}") as answer:
        answer.read()


PAGES: dict[str, Page] = {
    "environ": _environ,
    "strict": _strict,
    "sized": _reading(lambda environ: environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))),
    "whole": _reading(lambda environ: environ["wsgi.input"].read()),
    "readline": _reading(lambda environ: b"".join(_line_by_line(environ["wsgi.input"]))),
    "readlines": _reading(lambda environ: b"".join(environ["wsgi.input"].readlines())),
    "iteration": _reading(lambda environ: b"".join(environ["wsgi.input"])),
    "write": _write,
    "pushed": _pushed,
    "lazy": _lazy,
    "late": _late,
    "raise": _raise,
    "break": _break,
    "cut": _cut,
    "closing": _closing,
    "long": _long,
    "held": _held,
    "sign": _sign,
    "over": _over,
    "twice": _twice,
    "restart": _restart,
}
