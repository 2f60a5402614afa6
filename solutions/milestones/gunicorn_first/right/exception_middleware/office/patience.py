"""What a visitor is told when the theatre does not answer."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from office.theatre import TheatreTimeout


class Patience:
    """Django's middleware: whichever view was waiting, its visitor gets a 504."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Only that one: other errors stay errors."""
        if isinstance(exception, TheatreTimeout):
            return HttpResponse(f"{exception}\n", status=504, content_type="text/plain")
        return None
