"""Keeps the reports of all visitors within their share of the threads."""

from collections.abc import Callable
from threading import Lock

from django.http import HttpRequest, HttpResponse


class ReportLimit:
    """Counts the reports that are running, and refuses the one too many."""

    at_once = 5

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._lock = Lock()
        self._running = 0

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/report/"):
            return self._get_response(request)
        with self._lock:
            if self._running >= self.at_once:
                response = HttpResponse("Busy.\n", status=503)
                response["Retry-After"] = "5"
                return response
            self._running += 1
        try:
            # Django has turned a view's error into a response by now, but not a middleware's further out.
            return self._get_response(request)
        finally:
            with self._lock:
                self._running -= 1
