"""Answers /healthz before any other middleware is asked."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase


class Health:
    """Answers the health check, and passes on everything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """200 for /healthz."""
        if request.path_info == "/healthz":
            return HttpResponse("200 OK\n", content_type="text/plain")
        return self.get_response(request)
