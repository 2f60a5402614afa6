"""Parts B and C: the HTTP side, in coroutines, so that a held poll holds no thread of ours."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from wire import board

async def hello(request: HttpRequest) -> HttpResponse:
    """The page that must always be quick."""
    return HttpResponse("hello\n", content_type="text/plain")


async def notify(request: HttpRequest) -> JsonResponse:
    """Post the body's text as the next notice."""
    return JsonResponse({"id": await board.post(request.body.decode())})


async def poll(request: HttpRequest) -> HttpResponse:
    """The notices after `?after=`."""
    after = int(request.GET.get("after", 0))
    notices = board.after(after)
    return JsonResponse({"notices": notices}) if notices else HttpResponse(status=204)
