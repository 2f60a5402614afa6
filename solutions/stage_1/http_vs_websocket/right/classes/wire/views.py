"""Parts B and C: the HTTP side. Whoever polls waits for a future, and takes it back when the wait is over."""

import asyncio

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import View

notices: list[dict[str, object]] = []
waiting: set["asyncio.Future[None]"] = set()


async def hello(request: HttpRequest) -> HttpResponse:
    """The page that must always be quick."""
    return HttpResponse("hello", content_type="text/plain")


class Notify(View):
    """POST: a new notice for everybody."""

    async def post(self, request: HttpRequest) -> JsonResponse:
        """Keep it, and tell sockets and pollers."""
        from wire.asgi import Counter

        notice: dict[str, object] = {"id": len(notices) + 1, "text": str(request.body, "utf-8")}
        notices.append(notice)
        Counter.tell_all(notice)
        for future in waiting:
            if not future.done():
                future.set_result(None)
        return JsonResponse({"id": notice["id"]})


class Poll(View):
    """GET: what is new."""

    async def get(self, request: HttpRequest) -> HttpResponse:
        """Now, or as soon as there is something, or never."""
        after = int(request.GET.get("after") or 0)
        loop = asyncio.get_running_loop()
        end = loop.time() + float(request.GET.get("wait") or 25)
        while len(notices) <= after and (left := end - loop.time()) > 0:
            future = loop.create_future()
            waiting.add(future)
            try:
                await asyncio.wait([future], timeout=left)
            finally:
                waiting.discard(future)
        new = [notice for notice in notices if int(str(notice["id"])) > after]
        return JsonResponse({"notices": new}) if new else HttpResponse(status=204)


notify, poll = Notify.as_view(), Poll.as_view()
