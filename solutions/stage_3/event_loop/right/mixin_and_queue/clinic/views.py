"""Two pages: a plain one, which Django gives a thread, and one that has all its notes looked for at once."""

import asyncio

from asgiref.sync import async_to_sync
from clinic import archive, visits
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse

NOTES = 3


def urgency(patient: str) -> str:
    """How urgent a patient is."""
    return async_to_sync(archive.aask)(f"urgency-{patient}")


def triage(request: HttpRequest, patient: str) -> HttpResponse:
    """Who comes first."""
    return JsonResponse({"patient": patient, "urgency": urgency(patient), "visit": visits.current()})


def notes(request: HttpRequest, patient: str) -> HttpResponse:
    """A line for each of the patient's notes, in their order, as the archive finds them."""
    return StreamingHttpResponse(_lines(patient), content_type="text/plain")


async def _lines(patient: str):
    searches = [asyncio.ensure_future(archive.aask(f"note-{patient}-{number}")) for number in range(1, NOTES + 1)]
    try:
        for search in searches:
            yield f"{visits.current()}: {await search}\n"
    finally:
        for search in searches:
            search.cancel()
