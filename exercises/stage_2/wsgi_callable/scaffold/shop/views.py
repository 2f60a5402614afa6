"""The shop's pages. The first import of this module takes a moment, because of the catalogue."""

from collections.abc import Iterator

from django.conf import settings
from django.db import connection
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import reverse

from shop import catalogue
from shop.ledger import wait_for

LABELS = 40
LABEL_BYTES = 16 * 1024
AWAITED = (2, 3)


def home(request: HttpRequest) -> HttpResponse:
    """Links to some pages, as templates would write them."""
    return JsonResponse({"links": [reverse("home"), reverse("hello"), reverse("find", args=["tea"])]})


def hello(request: HttpRequest) -> HttpResponse:
    """The shortest page."""
    return HttpResponse("hello\n", content_type="text/plain")


def about(request: HttpRequest) -> HttpResponse:
    """Which settings are in force."""
    return JsonResponse({"settings": settings.SETTINGS_MODULE, "currency": settings.CURRENCY})


def find(request: HttpRequest, word: str) -> HttpResponse:
    """The articles with `word` in their names."""
    return JsonResponse({"word": word, "articles": sorted(catalogue.INDEX.get(word.lower(), ()))})


def echo(request: HttpRequest, rest: str) -> HttpResponse:
    """What has arrived."""
    return JsonResponse(
        {
            "method": request.method,
            "path_info": request.path_info,
            "query": request.META.get("QUERY_STRING", ""),
            "body": request.body.decode(errors="replace"),
        }
    )


def labels(request: HttpRequest) -> StreamingHttpResponse:
    """Many labels, to be printed while they come. The second and third are ready when somebody outside says so."""
    return StreamingHttpResponse(_labels(), content_type="text/plain")


def price_list(request: HttpRequest) -> FileResponse:
    """The price list, as it lies on the disk."""
    return FileResponse(catalogue.PRICE_LIST.open("rb"), content_type="text/csv")


def stock(request: HttpRequest) -> HttpResponse:
    """The only page that needs the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'full'")
        (stock,) = cursor.fetchone()
    return JsonResponse({"stock": stock})


def stand(request: HttpRequest) -> HttpResponse:
    """Where to find us at the fair."""
    return HttpResponse("hall 2, stand 14\n", content_type="text/plain")


def _labels() -> Iterator[bytes]:
    yield b"label 1\n"
    for number in range(2, LABELS + 1):
        if number in AWAITED:
            wait_for(f"label {number}")
        yield b"label %d\n".ljust(LABEL_BYTES, b".") % number
