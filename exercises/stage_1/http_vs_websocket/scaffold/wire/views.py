"""Your work, parts B and C: the HTTP side. `poll` is what many call long polling, and is not."""

from django.http import HttpRequest, HttpResponse, JsonResponse

notices: list[dict[str, object]] = []  # {"id": 1, "text": "tea is ready"}, oldest first


async def hello(request: HttpRequest) -> HttpResponse:
    """The page that must always be quick."""
    return HttpResponse("hello\n", content_type="text/plain")


async def notify(request: HttpRequest) -> JsonResponse:
    """Keep the body's text as the next notice. No open WebSocket, and nobody who polls, hears of it yet."""
    notices.append({"id": len(notices) + 1, "text": request.body.decode()})
    return JsonResponse({"id": len(notices)})


async def poll(request: HttpRequest) -> JsonResponse:
    """All notices there ever were, at once. Nobody looks at ?after= and ?wait= yet."""
    return JsonResponse({"notices": notices})
