"""Given: the board's pages. The feed they ask is the one at `scope["state"]["feed"]`, which is up to you."""

import hashlib
from collections.abc import AsyncIterator

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse

LINES = 3


async def hello(request: ASGIRequest) -> HttpResponse:
    """A sign of life, without the feed."""
    return HttpResponse("hello\n", content_type="text/plain")


async def departures(request: ASGIRequest, station: str) -> HttpResponse:
    """The next departure of a station."""
    departure = await request.scope["state"]["feed"].ask(station)
    return HttpResponse(f"{departure.text}\n", content_type="text/plain")


async def ticker(request: ASGIRequest, station: str) -> StreamingHttpResponse:
    """A line for each of the next departures, as they become known."""
    feed = request.scope["state"]["feed"]

    async def lines() -> AsyncIterator[str]:
        for number in range(1, LINES + 1):
            yield f"{(await feed.ask(f'{station}-{number}')).text}\n"

    return StreamingHttpResponse(lines(), content_type="text/plain")


async def receipt(request: ASGIRequest) -> JsonResponse:
    """What arrived of a request, and two cookies."""
    told = {
        "method": request.method,
        "path": request.get_full_path(),
        "x_note": request.headers.get("X-Note", ""),
        "bytes": len(request.body),
        "sha256": hashlib.sha256(request.body).hexdigest(),
    }
    response = JsonResponse(told, status=201)
    response.set_cookie("seat", "44")
    response.set_cookie("coach", "7")
    return response
