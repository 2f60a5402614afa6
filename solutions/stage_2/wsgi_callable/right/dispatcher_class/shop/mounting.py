"""Puts WSGI applications below paths: each sees only what stands behind its own."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Dispatcher:
    """The mount with the longest matching prefix gets the request; `otherwise` gets the rest."""

    def __init__(self, mounts: Mapping[str, Application], otherwise: Application) -> None:
        self._mounts = sorted(mounts.items(), key=lambda mount: len(mount[0]), reverse=True)
        self._otherwise = otherwise

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Move the prefix from PATH_INFO to SCRIPT_NAME, and hand over."""
        path = environ.get("PATH_INFO", "")
        for prefix, application in self._mounts:
            rest = path.removeprefix(prefix)
            if rest != path and rest[:1] in ("", "/"):
                environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + prefix
                environ["PATH_INFO"] = rest
                return application(environ, start_response)
        return self._otherwise(environ, start_response)


class Says:
    """Always the same short answer."""

    def __init__(self, status: str) -> None:
        self._status = status
        self._body = f"{status}\n".encode()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Say it; to HEAD without a body."""
        start_response(
            self._status,
            [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(self._body)))],
        )
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [self._body]
