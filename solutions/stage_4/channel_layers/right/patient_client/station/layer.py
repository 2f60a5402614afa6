"""Everything that this project asks of its channel layer."""

import asyncio
import secrets
from contextlib import asynccontextmanager

from channels.layers import get_channel_layer
from django.utils.timezone import now

from station.rooms import group_of


async def announce(room, text):
    """Taken by the layer when this returns."""
    event = {"type": "room.announcement", "text": text, "at": now().isoformat(" ")}
    await get_channel_layer().group_send(group_of(room), event)


async def is_carrying(patience_s=2.0):
    """Sends a group of one a word that nobody can guess, and waits for it; raises what the layer raises, or TimeoutError."""
    layer, word = get_channel_layer(), secrets.token_hex(8)
    async with asyncio.timeout(patience_s), _group_of_one(layer, word) as channel:
        await layer.group_send(f"health.{word}", {"type": "health", "word": word})
        while (await layer.receive(channel))["word"] != word:
            pass


@asynccontextmanager
async def _group_of_one(layer, word):
    channel = await layer.new_channel()
    await layer.group_add(f"health.{word}", channel)
    yield channel
    # Not in a `finally`: a layer that is unwell would not answer this call either.
    await layer.group_discard(f"health.{word}", channel)
