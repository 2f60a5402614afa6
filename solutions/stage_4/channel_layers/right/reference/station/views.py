"""What other programs ask of the station."""

import json

from django.http import JsonResponse
from django.views.decorators.http import require_GET, require_POST

from station import health
from station.announcing import make_announcement


@require_POST
def announce(request):
    """POST {"room": R, "text": T}: every socket of the room, in every process, hears it."""
    asked = json.loads(request.body)
    make_announcement(asked["room"], asked["text"])
    return JsonResponse({"announced": asked["room"]})


@require_GET
async def healthz(request):
    """200 when a message goes through the channel layer and comes back, else 503 with a reason."""
    if complaint := await health.complaint():
        return JsonResponse({"reason": complaint}, status=503)
    return JsonResponse({"layer": "well"})
