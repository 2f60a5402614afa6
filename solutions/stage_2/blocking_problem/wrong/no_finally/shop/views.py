"""The shop's two pages: one is quick, one waits for the database."""

from collections.abc import Callable
from functools import wraps
from threading import BoundedSemaphore

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

View = Callable[..., HttpResponse]

REPORTS_AT_ONCE = 5
RETRY_AFTER_S = 2


def at_most(count: int) -> Callable[[View], View]:
    """Run the view `count` times at once, and refuse the rest. Counts in this process alone: serve with one worker."""
    slots = BoundedSemaphore(count)

    def decorate(view: View) -> View:
        @wraps(view)
        def limited(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            if not slots.acquire(blocking=False):
                return HttpResponse("Busy, try again.\n", status=503, headers={"Retry-After": str(RETRY_AFTER_S)})
            response = view(request, *args, **kwargs)
            slots.release()
            return response

        return limited

    return decorate


def hello(request: HttpRequest) -> HttpResponse:
    """The page everybody opens first."""
    return HttpResponse("hello\n", content_type="text/plain")


@at_most(REPORTS_AT_ONCE)
def report(request: HttpRequest, tag: str) -> HttpResponse:
    """The month's figures. The database takes its time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT slow(%s)", [tag])
        (figures,) = cursor.fetchone()
    return JsonResponse({"report": figures})
