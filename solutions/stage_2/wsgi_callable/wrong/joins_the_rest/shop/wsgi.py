"""What a WSGI server is told to serve: `gunicorn shop.wsgi:application`.

The shop below /shop, a sign of life at /healthz, and nothing else.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

MOUNT = "/shop"

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

django.setup(set_prefix=False)
shop = WSGIHandler()
# Django would import it with the first request: a broken one belongs to the boot, and so does the time it takes.
import_module(settings.ROOT_URLCONF)


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Send each request where its path belongs."""
    path = environ.get("PATH_INFO", "")
    if path == "/healthz":
        return say("200 OK", start_response)
    if path == MOUNT or path.startswith(f"{MOUNT}/"):
        script_name = environ.get("SCRIPT_NAME", "") + MOUNT
        inner = {**environ, "SCRIPT_NAME": script_name, "PATH_INFO": path.removeprefix(MOUNT)}
        return Relay(shop(inner, start_response))
    return say("404 Not Found", start_response)


class Relay:
    """The body in two pieces: the first soon, the rest when it is there."""

    def __init__(self, body: Any) -> None:
        self.close = body.close
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        chunks = iter(self._body)
        yield next(chunks, b"")
        yield b"".join(chunks)


def say(status: str, start_response: StartResponse) -> list[bytes]:
    """A whole answer in plain text, without Django."""
    body = f"{status}\n".encode()
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
