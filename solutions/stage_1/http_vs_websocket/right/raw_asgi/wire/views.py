"""What is left to Django: /notify/ and /poll/ are answered in asgi.py before it hears of them."""

from django.http import Http404, HttpRequest, HttpResponse


async def hello(request: HttpRequest) -> HttpResponse:
    """The page that must always be quick."""
    return HttpResponse("hello\n", content_type="text/plain")


async def notify(request: HttpRequest) -> HttpResponse:
    """Never reached; urls.py wants the name."""
    raise Http404


poll = notify
