"""Parts B and C: the HTTP side, in coroutines, so that a held poll holds no thread of ours."""

import asyncio

from django.http import HttpRequest, HttpResponse, JsonResponse

from wire import board

LONGEST_WAIT_S = 25.0


async def hello(request: HttpRequest) -> HttpResponse:
    """The page that must always be quick."""
    return HttpResponse("hello\n", content_type="text/plain")


async def notify(request: HttpRequest) -> JsonResponse:
    """Post the body's text as the next notice."""
    return JsonResponse({"id": await board.post(request.body.decode().strip())})


async def poll(request: HttpRequest) -> HttpResponse:
    """The notices after `?after=`, held until there is one, for `?wait=` seconds at most."""
    after = int(request.GET.get("after", 0))
    wait_s = float(request.GET.get("wait", LONGEST_WAIT_S))
    try:
        # When the visitor hangs up, Django cancels this coroutine, and the wait with it.
        async with asyncio.timeout(wait_s):
            notices = await board.after(after)
    except TimeoutError:
        return HttpResponse(status=204)
    return JsonResponse({"notices": notices})
