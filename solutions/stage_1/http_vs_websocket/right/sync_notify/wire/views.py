"""Parts B and C: `notify` is a plain view in a thread, `poll` a coroutine on the loop."""

import asyncio
from contextlib import suppress

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse

from wire import board


def hello(request: HttpRequest) -> HttpResponse:
    """The page that must always be quick."""
    return HttpResponse("hello\n", content_type="text/plain")


def notify(request: HttpRequest) -> HttpResponse:
    """Runs in a thread: the loop is told with call_soon_threadsafe, in board.py."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    return JsonResponse({"id": board.post(request.body.decode())})


async def poll(request: HttpRequest) -> HttpResponse:
    """Listen first, look afterwards: what comes in between is not missed. A notice below the cursor is no news."""
    number = int(request.GET.get("after", "0"))
    woken = asyncio.Event()
    token = board.listen(lambda _: woken.set())
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(float(request.GET.get("wait", "25"))):
                while not board.after(number):
                    await woken.wait()
                    woken.clear()
    finally:
        board.forget(token)
    notices = board.after(number)
    return JsonResponse({"notices": notices}) if notices else HttpResponse(status=204)
