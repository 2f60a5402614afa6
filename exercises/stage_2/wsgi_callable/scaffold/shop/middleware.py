"""Tells which of the process's Django handlers has answered: each handler makes this middleware anew."""

from collections.abc import Callable
from itertools import count

from django.http import HttpRequest, HttpResponseBase

_numbers = count(1)


class HandlerNumber:
    """Sets `X-Handler`: 1 for the first handler that was made in this process, 2 for the second, and so on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.number = next(_numbers)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and say who did."""
        response = self.get_response(request)
        response["X-Handler"] = str(self.number)
        return response
