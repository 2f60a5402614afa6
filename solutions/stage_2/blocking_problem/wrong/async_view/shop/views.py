"""The shop's two pages: one is quick, one waits for the database."""

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse


def hello(request: HttpRequest) -> HttpResponse:
    """The page everybody opens first."""
    return HttpResponse("hello\n", content_type="text/plain")


async def report(request: HttpRequest, tag: str) -> HttpResponse:
    """The month's figures. The database takes its time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT slow(%s)", [tag])
        (figures,) = cursor.fetchone()
    return JsonResponse({"report": figures})
