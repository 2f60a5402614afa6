"""The shop's two pages: one tells what arrived, one answers in three pieces that take their time."""

import os
from collections.abc import Iterator

from django.http import HttpRequest, JsonResponse, StreamingHttpResponse

from shop import upstream


def echo(request: HttpRequest, rest: str) -> JsonResponse:
    """The request as Django understood it, and the process that served it."""
    return JsonResponse(
        {
            "method": request.method,
            "path": request.path,
            "query": dict(request.GET.lists()),
            "content_type": request.content_type,
            "body": request.body.decode("latin-1"),
            "cookies": request.COOKIES,
            "headers": dict(request.headers),
            "pid": os.getpid(),
        }
    )


def stream(request: HttpRequest, tag: str) -> StreamingHttpResponse:
    """Three lines, each sent when the upstream has answered for it."""

    def lines() -> Iterator[bytes]:
        for number in (1, 2, 3):
            yield f"{upstream.answer(f'{tag}-{number}')}\n".encode()

    return StreamingHttpResponse(lines(), content_type="text/plain")
