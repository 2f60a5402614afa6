"""What other programs ask of the chat."""

import json

from channels.layers import get_channel_layer
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from chat.consumers import user_group


@require_POST
async def notify(request, user):
    text = json.loads(request.body)["text"]
    await get_channel_layer().group_send(user_group(user), {"type": "user.notice", "text": text})
    return HttpResponse(status=204)


@require_POST
async def kick(request, user):
    await get_channel_layer().group_send(user_group(user), {"type": "user.kick"})
    return HttpResponse(status=204)
