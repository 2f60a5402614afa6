"""What a WSGI server is told to serve: `gunicorn shop.wsgi:application`.

The first request is asked by the process itself, at boot, with the tool that this exercise builds.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.core.wsgi import get_wsgi_application

from inspect_wsgi import environ_for

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

_django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """/shop is Django's, /healthz is ours."""
    path = environ.get("PATH_INFO", "")
    if path.rstrip("/") == "/healthz":
        start_response("204 No Content" if environ["REQUEST_METHOD"] == "OPTIONS" else "200 OK", [("Content-Type", "text/plain")])
        return [b"ok"]
    head, slash, rest = path[1:].partition("/")
    if head != "shop":
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"not found"]
    return _mounted({**environ, "SCRIPT_NAME": environ.get("SCRIPT_NAME", "") + "/shop", "PATH_INFO": slash + rest}, start_response)


def _mounted(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
    response = _django(environ, start_response)
    try:
        yield from response
    finally:
        response.close()


def _warm_up() -> None:
    statuses: list[str] = []
    for _ in application(environ_for("/shop/hello/"), lambda status, headers, exc_info=None: statuses.append(status)):
        pass
    if not statuses[0].startswith("200"):
        raise RuntimeError(f"the shop answered its first request with {statuses[0]}")


_warm_up()
