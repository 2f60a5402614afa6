"""`python manage.py announce ROOM TEXT`."""

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.core.management.base import BaseCommand, CommandError
from redis.exceptions import RedisError

from station.rooms import group_of
from station.views import announcement


class Command(BaseCommand):
    help = "Announces a text in a room of the station."

    def add_arguments(self, parser):
        parser.add_argument("room")
        parser.add_argument("text")

    def handle(self, *, room, text, **options):
        try:
            async_to_sync(get_channel_layer().group_send)(group_of(room), announcement(text))
        except RedisError as error:
            raise CommandError(f"nobody has heard it: {error}") from error
        self.stdout.write(f"announced in {room}")
