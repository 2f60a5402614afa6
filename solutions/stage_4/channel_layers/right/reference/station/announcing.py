"""One announcement, from code that is no coroutine: for the view and for the command."""

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.utils import timezone

from station.rooms import group_of


def make_announcement(room, text):
    """Returns once the layer has taken it. Whatever the layer raises, it raises."""
    event = {"type": "room.announcement", "text": text, "at": timezone.now().isoformat()}
    async_to_sync(get_channel_layer().group_send)(group_of(room), event)
