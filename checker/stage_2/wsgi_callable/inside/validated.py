"""Serves LEARN_APP by wsgiref's server, with wsgiref's validator between the two: run as a program, not imported.

`python validated.py FD` serves on that listening socket. What breaks PEP 3333 goes to the history, and so does
the learner's function that hands over each body. A request with the header X-Learn-Leaves is one whose visitor is gone
before the first chunk: its body is closed, and not read.
"""

from __future__ import annotations

import inspect
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import get_native_id
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.validate import validator

sys.path.insert(0, str(Path.cwd()))

from learn_probe.errors import REQUEST_VARIABLE, described, raised  # type: ignore[import-not-found]
from learn_probe.frames import PROJECT, Spot, Where  # type: ignore[import-not-found]
from learn_probe.journal import tell  # type: ignore[import-not-found]
from learn_probe.loading import load  # type: ignore[import-not-found]

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

LEAVES_VARIABLE = "HTTP_X_LEARN_LEAVES"

_app = load("wsgi")


def told(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """The learner's app; tells whose object the server gets from it."""
    # It is empty here, and a server may leave out what is empty (PEP 3333). The validator itself wants the name.
    del environ["SCRIPT_NAME"]
    path = str(environ.get("PATH_INFO", ""))
    body: Iterable[bytes] = _app(environ, start_response)
    tell("app.returned", patient=True, path=path, where=_maker_of(body))
    return body


_strict = validator(told)


def watched(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
    """Serve one request by the validated app, and tell what the validator, or the app, had against it."""
    request = str(environ.get(REQUEST_VARIABLE, ""))
    path = str(environ.get("PATH_INFO", ""))
    is_gone = LEAVES_VARIABLE in environ
    tell("app.entered", request=request, path=path, scope="wsgi", thread=get_native_id(), loop=False)
    try:
        body = _strict(environ, _unheard if is_gone else start_response)
        try:
            if not is_gone:
                yield from body
        finally:
            body.close()  # type: ignore[attr-defined]  # the validator's own iterator always has it
    except AssertionError as error:
        tell("pep3333.broken", patient=True, request=request, **described(error))
        raise
    except Exception as error:
        raised(request, error)
        raise
    finally:
        tell("app.left", patient=True, request=request)
    if is_gone:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"closed before the first chunk\n"


def main() -> None:
    """Serve on the socket whose descriptor is the first argument, until a signal comes."""
    server = WSGIServer(("127.0.0.1", 0), WSGIRequestHandler, bind_and_activate=False)
    server.socket.close()
    server.socket = socket.socket(fileno=int(sys.argv[1]))
    server.server_address = server.socket.getsockname()
    server.server_name, server.server_port = "127.0.0.1", server.server_address[1]
    server.setup_environ()
    server.set_app(watched)
    server.serve_forever()


def _unheard(_status: str, _headers: list[tuple[str, str]], _exc_info: Any = None) -> Callable[[bytes], None]:
    return lambda _data: None


def _maker_of(body: Any) -> Where | None:
    """The learner's function that makes this body's chunks; None when it is not theirs."""
    if inspect.isgenerator(body):
        codes = [body.gi_code]
    else:
        methods = [getattr(type(body), name, None) for name in ("__iter__", "__next__")]
        codes = [method.__code__ for method in methods if inspect.isfunction(method)]
    found: list[Where] = [place for code in codes if (place := PROJECT.where(Spot(code, code.co_firstlineno)))]
    return found[0] if found else None


if __name__ == "__main__":
    main()
