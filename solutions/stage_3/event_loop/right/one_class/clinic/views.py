"""Two pages whose plain code stays plain: a coroutine has a thread run it."""

from asgiref.sync import async_to_sync, sync_to_async
from clinic import archive, visits
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse

NOTES = 3


def urgency(patient: str) -> str:
    """How urgent a patient is: for plain code."""
    return async_to_sync(archive.aask)(f"urgency-{patient}")


def _notes_of(patient: str):
    for number in range(1, NOTES + 1):
        yield f"{visits.current()}: {archive.ask(f'note-{patient}-{number}')}\n"


async def _pulled(generator):
    """The items of a plain generator, each of which is waited for in a thread."""
    pull = sync_to_async(lambda: next(generator, None))
    while (item := await pull()) is not None:
        yield item


async def triage(request: HttpRequest, patient: str) -> HttpResponse:
    """Who comes first."""
    level = await sync_to_async(urgency)(patient)
    return JsonResponse({"patient": patient, "urgency": level, "visit": visits.current()})


def notes(request: HttpRequest, patient: str) -> HttpResponse:
    """A line for each of the patient's notes, as the archive finds them."""
    return StreamingHttpResponse(_pulled(_notes_of(patient)), content_type="text/plain")
