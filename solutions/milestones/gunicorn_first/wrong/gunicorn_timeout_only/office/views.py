"""The box office's pages: one is quick, the others wait for the theatre."""

from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.views.decorators.http import require_POST

from office import theatre


def hello(request: HttpRequest) -> JsonResponse:
    """The page everybody opens first."""
    return JsonResponse({"hello": "box office", "release": settings.RELEASE})


def seats(request: HttpRequest, show: str) -> HttpResponse:
    """The seats that are still free."""
    return JsonResponse({"seats": theatre.free_seats(show)})


@require_POST
def order(request: HttpRequest, show: str) -> HttpResponse:
    """Book a seat."""
    return JsonResponse({"order": theatre.book(show)}, status=201)


class GuestList(StreamingHttpResponse):
    """A show's guests, row by row. The theatre is told when the list is closed, read to its end or not."""

    def __init__(self, show: str) -> None:
        super().__init__(_rows(show), content_type="text/plain")
        self.show = show

    def close(self) -> None:
        """WSGI's own word for it: nobody reads this any more."""
        super().close()
        theatre.done_with_guests(self.show)


def guest_list(request: HttpRequest, show: str) -> HttpResponse:
    """The list for the door."""
    return GuestList(show)


def _rows(show: str) -> Iterator[str]:
    yield f"guests of {show}\n"
    for guest in theatre.guests(show):
        yield f"{guest}\n"
