"""Your work: what other programs ask of the station. A view lives in one process, the sockets are in all of them."""

from django.http import JsonResponse
from django.views.decorators.http import require_GET, require_POST


@require_POST
def announce(request):
    """POST {"room": R, "text": T}: every socket of the room, in every process, hears it."""
    return JsonResponse({"error": "not written yet"}, status=501)


@require_GET
def healthz(request):
    """200 when a message goes through the channel layer and comes back, else 503 with a reason."""
    return JsonResponse({"reason": "not written yet"}, status=501)
