"""Your work: two pages that crossed the border between sync and async at the wrong place."""

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse

from clinic import archive, visits

NOTES = 3


def urgency(patient: str) -> str:
    """How urgent a patient is: for plain code, too."""
    return async_to_sync(archive.aask)(f"urgency-{patient}")


async def triage(request: HttpRequest, patient: str) -> HttpResponse:
    """Who comes first."""
    return JsonResponse({"patient": patient, "urgency": urgency(patient), "visit": visits.current()})


def notes(request: HttpRequest, patient: str) -> HttpResponse:
    """A line for each of the patient's notes, as the archive finds them."""

    def lines():
        for number in range(1, NOTES + 1):
            yield f"{visits.current()}: {archive.ask(f'note-{patient}-{number}')}\n"

    return StreamingHttpResponse(lines(), content_type="text/plain")
