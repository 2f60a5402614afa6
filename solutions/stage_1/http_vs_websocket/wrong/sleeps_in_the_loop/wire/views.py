"""Parts B and C: the HTTP side, in coroutines, so that a held poll holds no thread of ours."""

import time

from django.http import HttpRequest, HttpResponse, JsonResponse

from wire import board

LONGEST_WAIT_S = 25.0


async def hello(request: HttpRequest) -> HttpResponse:
    """The page that must always be quick."""
    return HttpResponse("hello\n", content_type="text/plain")


async def notify(request: HttpRequest) -> JsonResponse:
    """Post the body's text as the next notice."""
    return JsonResponse({"id": await board.post(request.body.decode())})


async def poll(request: HttpRequest) -> HttpResponse:
    """The notices after `?after=`, held until there is one, for `?wait=` seconds at most."""
    after = int(request.GET.get("after", 0))
    wait_s = float(request.GET.get("wait", LONGEST_WAIT_S))
    end = time.monotonic() + wait_s
    while not (notices := board.after(after)):
        if time.monotonic() > end:
            return HttpResponse(status=204)
        time.sleep(0.1)
    return JsonResponse({"notices": notices})
