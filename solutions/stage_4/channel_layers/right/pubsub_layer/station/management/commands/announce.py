"""`python manage.py announce ROOM TEXT`."""

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand

from station.views import publish


class Command(BaseCommand):
    help = "Announces a text in a room of the station."

    def add_arguments(self, parser):
        parser.add_argument("room")
        parser.add_argument("text")

    @async_to_sync
    async def handle(self, *, room, text, **options):
        await publish(room, text)
