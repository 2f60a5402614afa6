"""The depot's pages: three are quick, a report waits for the supplier, an export for the database."""

import os

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from depot import supplier


def hello(request: HttpRequest) -> HttpResponse:
    """The page everybody opens first."""
    return HttpResponse("hello\n", content_type="text/plain")


def pid(request: HttpRequest) -> HttpResponse:
    """The worker process that answers."""
    return HttpResponse(str(os.getpid()), content_type="text/plain")


def release(request: HttpRequest) -> HttpResponse:
    """The release that this worker has loaded."""
    return HttpResponse(settings.RELEASE, content_type="text/plain")


def report(request: HttpRequest, tag: str) -> HttpResponse:
    """What the supplier says, who takes his time."""
    return JsonResponse({"report": supplier.ask(tag), "release": settings.RELEASE})


def export(request: HttpRequest, tag: str) -> HttpResponse:
    """What the database says, which takes its time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT slow(%s)", [tag])
        (rows,) = cursor.fetchone()
    return JsonResponse({"export": rows})
