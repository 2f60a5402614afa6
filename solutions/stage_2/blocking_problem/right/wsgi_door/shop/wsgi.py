"""What gunicorn is told to serve: `gunicorn shop.wsgi`. Reports are counted at the door, before Django is entered."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Door:
    """WSGI middleware: lets five reports in at once. A slot is held until the server closes the response."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._slots = threading.BoundedSemaphore(5)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith("/report/"):
            return self._app(environ, start_response)
        if not self._slots.acquire(blocking=False):
            start_response("503 Service Unavailable", [("Retry-After", "2"), ("Content-Length", "0")])
            return []
        try:
            body = self._app(environ, start_response)
        except BaseException:
            self._slots.release()
            raise
        return _Closing(body, self._slots.release)


class _Closing:
    """The body as it is; `then` is called when the server closes it, also after a visitor has left."""

    def __init__(self, body: Iterable[bytes], then: Callable[[], None]) -> None:
        self._body = body
        self._then = then

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        """Close the body first, then give the slot back."""
        try:
            if hasattr(self._body, "close"):
                self._body.close()
        finally:
            self._then()


application = Door(get_wsgi_application())
