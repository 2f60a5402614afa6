"""Two pages that cross the border between sync and async at one place each."""

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse

from clinic import archive, visits

NOTES = 3


async def aurgency(patient: str) -> str:
    """How urgent a patient is."""
    return await archive.aask(f"urgency-{patient}")


# For plain code: a command, a plain view. Never for a coroutine, which awaits the other one.
urgency = async_to_sync(aurgency)


async def triage(request: HttpRequest, patient: str) -> HttpResponse:
    """Who comes first."""
    return JsonResponse({"patient": patient, "urgency": await aurgency(patient), "visit": visits.current()})


async def notes(request: HttpRequest, patient: str) -> HttpResponse:
    """A line for each of the patient's notes, as the archive finds them."""

    async def lines():
        for number in range(1, NOTES + 1):
            yield f"{visits.current()}: {await archive.aask(f'note-{patient}-{number}')}\n"

    return StreamingHttpResponse(lines(), content_type="text/plain")
