"""The mall's pages. All but those marked as public belong to a tenant."""

import os
import time
import urllib.request
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse

from mall.directory import QuotaExceeded, public

UPSTREAM_URL = os.environ.get("UPSTREAM_URL", "")
DELAY_S = 0.5
ROW_BYTES = 100

# No proxy: looking up the system's proxy settings is not safe in a forked process on macOS.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@public
def hello(request: HttpRequest) -> HttpResponse:
    """The page everybody opens first."""
    return HttpResponse("hello\n", content_type="text/plain")


@public
def hours(request: HttpRequest) -> HttpResponse:
    """When the mall is open."""
    return HttpResponse("9 to 20\n", content_type="text/plain")


def shelf(request: HttpRequest) -> HttpResponse:
    """What this shop sells."""
    return JsonResponse({"tenant": request.tenant.slug})


def order(request: HttpRequest) -> HttpResponse:
    """One order, if the month's quota still has one."""
    if not request.tenant.orders_left:
        raise QuotaExceeded(f"{request.tenant.slug} has no orders left")
    return JsonResponse({"ordered": request.tenant.slug})


def price(request: HttpRequest) -> HttpResponse:
    """A page with a fault, as every project has one."""
    prices: dict[str, int] = {}
    return JsonResponse({"price": prices[request.tenant.slug]})


def stock(request: HttpRequest) -> HttpResponse:
    """What this shop has in stock, when its supplier has counted."""
    _wait_for(f"stock-{request.tenant.slug}")
    return JsonResponse({"tenant": request.tenant.slug})


def export(request: HttpRequest, tag: str, rows: int) -> StreamingHttpResponse:
    """A long list, row by row: the first at once, each other one when the supplier has it."""
    return StreamingHttpResponse(_rows(tag, rows), content_type="text/plain")


def _rows(tag: str, rows: int) -> Iterator[bytes]:
    for number in range(1, rows + 1):
        if number > 1:
            _wait_for(f"{tag}-{number}")
        yield f"{tag} row {number}".encode().ljust(ROW_BYTES - 1) + b"\n"


def _wait_for(tag: str) -> None:
    # With UPSTREAM_URL set, somebody else decides how long it takes, and whether it fails.
    if not UPSTREAM_URL:
        time.sleep(DELAY_S)
        return
    with _opener.open(f"{UPSTREAM_URL}/hold/{tag}") as answer:
        answer.read()
