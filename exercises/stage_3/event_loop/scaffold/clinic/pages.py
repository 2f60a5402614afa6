"""Given: the pages that are well. Each tells which visit it believes to serve."""

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, JsonResponse

from clinic import archive, visits


async def pulse(request: HttpRequest) -> HttpResponse:
    """A sign of life: answered at once, whenever the loop is free."""
    return JsonResponse({"visit": visits.current()})


def card(request: HttpRequest, patient: str) -> HttpResponse:
    """A plain view. Django gives it a thread, so it may block that one."""
    found = archive.ask(f"card-{patient}")
    return JsonResponse({"patient": patient, "found": found, "visit": visits.current()})


async def chart(request: HttpRequest, patient: str) -> HttpResponse:
    """An asynchronous view, which also calls plain code."""
    found = await archive.aask(f"chart-{patient}")
    signed = await sync_to_async(visits.current)()
    return JsonResponse({"patient": patient, "found": found, "visit": visits.current(), "signed": signed})


async def broken(request: HttpRequest) -> HttpResponse:
    """A page with an error that nobody has foreseen: Django answers it with 500."""
    raise LookupError("the file is not in its place")


async def lag(request: HttpRequest) -> HttpResponse:
    """What the doctor's watch has to report."""
    return JsonResponse({"stalls": request.scope["state"]["watch"].report()})
