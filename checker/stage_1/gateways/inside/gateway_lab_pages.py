"""The lab's pages, by the first word of their path below /lab/: each calls, reads or answers in a way of its own."""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from wsgiref.validate import validator

from learn_probe.journal import tell  # type: ignore[import-not-found]

if TYPE_CHECKING:  # at run time the lab's modules lie side by side on the path
    from checker.stage_1.gateways.inside.gateway_lab_answers import Strict, closing_told, complaining
else:
    from gateway_lab_answers import Strict, closing_told, complaining

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Page = Callable[[Environ, StartResponse, str], Iterable[bytes]]

TEXT = (("Content-Type", "text/plain"),)  # each answer has a list of its own: a server may change it (PEP 3333)
CHUNK_BYTES = 65_536
MANY_CHUNKS = 500
SHOWN_BYTES = 64
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _environ(environ: Environ, start_response: StartResponse, _tag: str) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "application/json")])
    shown = {name: value if isinstance(value, (str, bool)) else repr(value) for name, value in environ.items()}
    return [json.dumps(shown).encode()]


def _strict(environ: Environ, start_response: StartResponse, _tag: str) -> Iterable[bytes]:
    # A server may leave out what is empty (PEP 3333). The validator itself wants the name, to print it.
    environ.setdefault("SCRIPT_NAME", "")
    return Strict(complaining(lambda: validator(_reads_lines)(environ, start_response)))


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
        digest, begins = sha256(bytes(body)).hexdigest(), bytes(body[:SHOWN_BYTES]).hex()
        tell("lab.read", tag=tag, type=type(body).__name__, bytes=len(body), digest=digest, head=begins)
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


def _raise(_environ: Environ, start_response: StartResponse, tag: str) -> Iterable[bytes]:
    start_response("200 OK", list(TEXT))
    if tag == "reset":
        raise ConnectionResetError("the lab's own error: a supplier of the app's has hung up on it")
    raise RuntimeError("the lab's own error, before the first byte")


def _break(_environ: Environ, start_response: StartResponse, tag: str) -> Iterable[bytes]:
    def chunks() -> Iterator[bytes]:
        yield b"ten bytes\n"
        raise RuntimeError("the lab's own error, in the middle of the body")

    start_response("200 OK", [*TEXT, ("Content-Length", "100")])
    return closing_told(tag, chunks())


def _cut(_environ: Environ, start_response: StartResponse, _tag: str) -> Iterator[bytes]:
    start_response("200 OK", list(TEXT))
    yield b"a part"
    raise RuntimeError("the lab's own error, in the middle of a body of unknown length")


def _closing(_environ: Environ, start_response: StartResponse, tag: str) -> Iterable[bytes]:
    start_response("200 OK", list(TEXT))
    return closing_told(tag, [b"closing"])


def _long(_environ: Environ, start_response: StartResponse, tag: str) -> Iterable[bytes]:
    def chunks() -> Iterator[bytes]:
        yield b"first"
        _hold(tag)
        # More than any buffer takes: a server whose visitor has left must notice, or come to the end.
        yield from (b"-" * CHUNK_BYTES for _ in range(MANY_CHUNKS))
        tell("lab.made_all", tag=tag)

    start_response("200 OK", list(TEXT))
    return closing_told(tag, chunks())


def _held(_environ: Environ, start_response: StartResponse, tag: str) -> Iterable[bytes]:
    _hold(tag)
    start_response("200 OK", list(TEXT))
    return [tag.encode()]


def _sign(_environ: Environ, start_response: StartResponse, tag: str) -> Iterable[bytes]:
    start_response("200 OK", [*TEXT, ("Content-Length", "12")])
    return closing_told(tag, [b"twelve bytes"])


def _over(_environ: Environ, start_response: StartResponse, tag: str) -> Iterable[bytes]:
    start_response("200 OK", [*TEXT, ("Content-Length", "12")])
    return closing_told(tag, [b"twelve ", b"bytes and more", b", and more"])


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
