"""What other programs ask of the station, as classes."""

import asyncio
import json
from datetime import UTC, datetime
from http import HTTPStatus

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.http import HttpResponse, JsonResponse
from django.views import View

from station.rooms import group_of


def announcement(text):
    """The event that the boards understand."""
    return {"type": "room.announcement", "text": text, "at": datetime.now(UTC).isoformat(timespec="seconds")}


class Announce(View):
    """POST {"room": R, "text": T}."""

    def post(self, request):
        asked = json.loads(request.body)
        send = async_to_sync(get_channel_layer().group_send)
        send(group_of(asked["room"]), announcement(asked["text"]))
        return HttpResponse(status=HTTPStatus.ACCEPTED)


class Health(View):
    """GET: 200 or 503. One message to a mailbox of its own, and back."""

    patience_s = 1.5

    def get(self, request):
        try:
            async_to_sync(self.send_round)()
        except Exception as error:  # whatever it is, the layer is unwell, and that is the answer
            return JsonResponse({"reason": repr(error)}, status=HTTPStatus.SERVICE_UNAVAILABLE)
        return HttpResponse("well", content_type="text/plain")

    async def send_round(self):
        layer = get_channel_layer()

        async def there_and_back():
            mailbox = await layer.new_channel()
            await layer.send(mailbox, {"type": "health"})
            await layer.receive(mailbox)

        await asyncio.wait_for(there_and_back(), self.patience_s)


announce, healthz = Announce.as_view(), Health.as_view()
