"""`python manage.py announce ROOM TEXT`."""

import asyncio

from django.core.management.base import BaseCommand

from station import layer


class Command(BaseCommand):
    help = "Announces a text in a room of the station."

    def add_arguments(self, parser):
        parser.add_argument("room")
        parser.add_argument("text")

    def handle(self, *, room, text, **options):
        asyncio.run(layer.announce(room, text))
