"""Given: the depot's pages. Each asks one of your bridges, and knows the errors of the SDK and of the register."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from depot import aio, bridges, legacy


async def ping(request: HttpRequest) -> HttpResponse:
    """For the balancer."""
    return HttpResponse("pong")


async def locate(request: HttpRequest) -> HttpResponse:
    """/locate/?parcel=A&parcel=B: where each of them is."""
    try:
        return JsonResponse(await bridges.locate(request.GET.getlist("parcel")))
    except legacy.CarrierDown as error:
        return _said(503, error)


async def stamp(request: HttpRequest) -> HttpResponse:
    """/stamp/?parcel=A: the number of its stamp."""
    try:
        return JsonResponse({"number": await bridges.stamp(request.GET["parcel"])})
    except legacy.CarrierDown as error:
        return _said(503, error)


async def hand_over(request: HttpRequest) -> HttpResponse:
    """/hand-over/?parcel=A&parcel=B: the driver's receipt."""
    try:
        return JsonResponse({"receipt": await bridges.hand_over(request.GET.getlist("parcel"))})
    except legacy.CarrierDown as error:
        return _said(503, error)
    except aio.Refused as error:
        return _said(409, error)


def look_up(request: HttpRequest) -> HttpResponse:
    """/look-up/?parcel=A&parcel=B: who gets each of them. A plain view, also under gunicorn."""
    try:
        return JsonResponse(bridges.look_up(request.GET.getlist("parcel")))
    except aio.Refused as error:
        return _said(409, error)


def _said(status: int, error: Exception) -> HttpResponse:
    return JsonResponse({"error": str(error)}, status=status)
