"""The shop's two pages: one is quick, one waits for the database."""

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from shop.slots import slot


def hello(request: HttpRequest) -> HttpResponse:
    """The page everybody opens first."""
    return HttpResponse("hello\n", content_type="text/plain")


def report(request: HttpRequest, tag: str) -> HttpResponse:
    """The month's figures. The database takes its time."""
    with slot(5) as is_free:
        if not is_free:
            return HttpResponse("Busy.\n", status=503, headers={"Retry-After": "3"})
        with connection.cursor() as cursor:
            cursor.execute("SELECT slow(%s)", [tag])
            (figures,) = cursor.fetchone()
        return JsonResponse({"report": figures})
