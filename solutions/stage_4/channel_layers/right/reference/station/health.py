"""Whether this deployment's channel layer carries messages, now."""

import asyncio

from channels.exceptions import ChannelFull
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

WITHIN_S = 1.5


async def complaint():
    """Why the layer is unwell; "" when a message has just gone round."""
    try:
        async with asyncio.timeout(WITHIN_S):
            await _send_round()
    except TimeoutError:
        return f"no message came back within {WITHIN_S} s"
    except (RedisError, OSError, ChannelFull) as error:
        return f"{type(error).__name__}: {error}"
    return ""


async def _send_round():
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.send(channel, {"type": "health"})
    await layer.receive(channel)
