"""What other programs ask of the chat."""

import json

from channels.layers import get_channel_layer
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from chat.consumers import user_group


@require_POST
async def notify(request, user):
    """POST {"text": T}: every socket of `user`, in every process, gets {"notice": T}."""
    frame = {"notice": json.loads(request.body)["text"]}
    await get_channel_layer().group_send(user_group(user), {"frame": frame})
    return HttpResponse(status=204)


@require_POST
async def kick(request, user):
    """POST: every socket of `user`, in every process, is closed with 4403."""
    await get_channel_layer().group_send(user_group(user), {"kick": True})
    return HttpResponse(status=204)
