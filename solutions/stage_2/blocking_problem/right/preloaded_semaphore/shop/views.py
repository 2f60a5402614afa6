"""The shop's two pages: one is quick, one waits for the database."""

import multiprocessing

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

# Made before gunicorn forks (preload_app): one semaphore for all workers. A worker that is killed keeps its slots.
slots = multiprocessing.get_context("fork").BoundedSemaphore(5)


def hello(request: HttpRequest) -> HttpResponse:
    """The page everybody opens first."""
    return HttpResponse("hello\n", content_type="text/plain")


def report(request: HttpRequest, tag: str) -> HttpResponse:
    """The month's figures. The database takes its time."""
    if not slots.acquire(block=False):
        return HttpResponse("Busy.\n", status=503, headers={"Retry-After": "3"})
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT slow(%s)", [tag])
            (figures,) = cursor.fetchone()
    finally:
        slots.release()
    return JsonResponse({"report": figures})
