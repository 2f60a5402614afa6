"""What other programs ask of the station. Coroutines: gunicorn runs each on a loop of its own."""

import asyncio
import json
from datetime import UTC, datetime

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.http import JsonResponse
from django.views.decorators.http import require_GET, require_POST

from station.rooms import group_of

PATIENCE_S = 1.0


async def publish(room, text):
    """One announcement, taken by the layer when this returns."""
    event = {"type": "room.announcement", "text": text, "at": str(datetime.now(UTC))}
    await get_channel_layer().group_send(group_of(room), event)


@require_POST
async def announce(request):
    asked = json.loads(request.body)
    await publish(asked["room"], asked["text"])
    return JsonResponse({}, status=201)


@require_GET
def healthz(request):
    try:
        async_to_sync(send_round)()
    except Exception as error:
        return JsonResponse({"reason": f"{type(error).__name__} {error}"}, status=503)
    return JsonResponse({})


async def send_round():
    """A message to a channel of its own, which is given back afterwards."""
    layer = get_channel_layer()
    came = asyncio.Event()
    async with asyncio.timeout(PATIENCE_S):
        channel = await layer.new_channel()
        listening = asyncio.create_task(_listen(layer, channel, came))
        try:
            await layer.send(channel, {"type": "health"})
            await came.wait()
        finally:
            # This layer subscribes to each channel, and unsubscribes when a receive is cancelled. Nobody waits for that:
            # where Valkey stands still, it lasts.
            listening.cancel()


async def _listen(layer, channel, came):
    while True:
        await layer.receive(channel)
        came.set()
