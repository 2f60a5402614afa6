"""What other programs ask of the chat, as ordinary synchronous views."""

import json

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.http import JsonResponse
from django.views.decorators.http import require_POST

from chat.consumers import user_group


@require_POST
def notify(request, user):
    """POST {"text": T}: every socket of `user`, in every process, gets {"notice": T}."""
    return tell(user, {"type": "user.notice", "text": json.loads(request.body)["text"]})


@require_POST
def kick(request, user):
    """POST: every socket of `user`, in every process, is closed with 4403."""
    return tell(user, {"type": "user.kick"})


def tell(user, event):
    async_to_sync(get_channel_layer().group_send)(user_group(user), event)
    return JsonResponse({"sent": True}, status=202)
