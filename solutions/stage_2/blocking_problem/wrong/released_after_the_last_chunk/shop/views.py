"""The shop's two pages: one is quick, one waits for the database."""

import json
from collections.abc import Iterator
from threading import BoundedSemaphore

from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

REPORTS_AT_ONCE = 5
RETRY_AFTER_S = 2

slots = BoundedSemaphore(REPORTS_AT_ONCE)


def hello(request: HttpRequest) -> HttpResponse:
    """The page everybody opens first."""
    return HttpResponse("hello\n", content_type="text/plain")


def report(request: HttpRequest, tag: str) -> HttpResponseBase:
    """The month's figures, sent as they come. The database takes its time."""
    if not slots.acquire(blocking=False):
        return HttpResponse("Busy, try again.\n", status=503, headers={"Retry-After": str(RETRY_AFTER_S)})
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT slow(%s)", [tag])
            (figures,) = cursor.fetchone()
    except Exception:
        slots.release()
        raise
    return StreamingHttpResponse(_chunks(figures), content_type="application/json")


def _chunks(figures: str) -> Iterator[str]:
    yield '{"report": '
    yield json.dumps(figures)
    yield "}"
    slots.release()
