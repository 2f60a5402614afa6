"""Applications that hold a caller to PEP 3333: what the learner's inspector is pointed at, as `learn_lab:<name>`.

Runs in the inspector's own process, from a copy outside the project. What it sees goes to the history by the probe's
journal.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.validate import validator

from learn_probe.journal import tell  # type: ignore[import-not-found]

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

TEXT = [("Content-Type", "text/plain")]
ON_FIRE = [("Retry-After", "5"), ("Set-Cookie", "printer=2"), ("Set-Cookie", "paper=A4")]
LOG_LINE = "a line of the application's log"


def environs(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Holds the environ against wsgiref's validator, and tells what stands in it."""
    tell(
        "lab.environ",
        patient=True,
        REQUEST_METHOD=environ.get("REQUEST_METHOD", ""),
        SCRIPT_NAME=environ.get("SCRIPT_NAME", ""),
        PATH_INFO=environ.get("PATH_INFO", ""),
        QUERY_STRING=environ.get("QUERY_STRING", ""),
    )
    try:
        answer: Iterable[bytes] = validator(_plain)(environ, start_response)
    except AssertionError as error:
        tell("lab.refused", patient=True, message=str(error))
        raise
    return answer


def lazy(_environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
    """Says its status when it is asked for the first piece, as a generator does. One piece is empty."""
    start_response("202 Accepted", list(TEXT))
    yield b"one"
    yield b""
    yield b"three"


def writes(_environ: Environ, start_response: StartResponse) -> list[bytes]:
    """Sends a piece by the function that start_response returns."""
    write = start_response("201 Created", list(TEXT))
    write(b"one")
    return [b"three"]


def reconsiders(_environ: Environ, start_response: StartResponse) -> list[bytes]:
    """Says 200, then fails before anything was sent, and says so."""
    start_response("200 OK", list(TEXT))
    try:
        raise ConnectionError("the printer is on fire")
    except ConnectionError:
        start_response("503 Service Unavailable", [*TEXT, *ON_FIRE], sys.exc_info())
    return [b"sorry"]


def reconsiders_late(_environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
    """Fails when its head and a piece are already on their way, and says so: the error must come back."""
    start_response("200 OK", list(TEXT))
    yield b"one"
    try:
        raise ConnectionError("the printer is on fire")
    except ConnectionError:
        start_response("503 Service Unavailable", list(TEXT), sys.exc_info())
    yield b"sorry"


def reconsiders_written(_environ: Environ, start_response: StartResponse) -> list[bytes]:
    """Fails when it has written a piece, and says so: the error must come back."""
    start_response("200 OK", list(TEXT))(b"one")
    try:
        raise ConnectionError("the printer is on fire")
    except ConnectionError:
        start_response("503 Service Unavailable", list(TEXT), sys.exc_info())
    return [b"sorry"]


def starts_twice(_environ: Environ, start_response: StartResponse) -> list[bytes]:
    """Says two statuses, and no exc_info: an error by PEP 3333."""
    start_response("200 OK", list(TEXT))
    start_response("404 Not Found", list(TEXT))
    return [b"one"]


def never_starts(_environ: Environ, _start_response: StartResponse) -> Iterable[bytes]:
    """Says no status at all, and wants to be closed all the same."""
    return _Pieces("never_starts", breaks_after=None)


def shop(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """The given shop as Django serves it, with nothing of the learner's around it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    from django.core.wsgi import get_wsgi_application  # here: no other application needs Django

    answer: Iterable[bytes] = get_wsgi_application()(environ, start_response)
    return answer


def lists(_environ: Environ, start_response: StartResponse) -> list[bytes]:
    """Answers with a list, which has no `close`."""
    start_response("200 OK", list(TEXT))
    return [b"one", b"three"]


def closes(_environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answers with something that wants to be closed."""
    start_response("200 OK", list(TEXT))
    return _Pieces("closes", breaks_after=None)


def breaks(_environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Fails after the first piece, and wants to be closed all the same."""
    start_response("200 OK", list(TEXT))
    return _Pieces("breaks", breaks_after=1)


class _Pieces:
    """Two pieces of a body. Tells when it is closed."""

    def __init__(self, name: str, breaks_after: int | None) -> None:
        self._name = name
        self._breaks_after = breaks_after

    def __iter__(self) -> Iterator[bytes]:
        for number, piece in enumerate((b"one", b"three")):
            if number == self._breaks_after:
                raise RuntimeError("the application broke in the middle of its body")
            yield piece

    def close(self) -> None:
        """Tell that the caller kept its promise."""
        tell("lab.closed", patient=True, app=self._name)


def _plain(environ: Environ, start_response: StartResponse) -> list[bytes]:
    environ["wsgi.errors"].write(f"{LOG_LINE}\n")
    environ["wsgi.errors"].flush()
    start_response("200 OK", list(TEXT))
    return [b"one", b"three"]
