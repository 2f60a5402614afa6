"""Your work: `python manage.py announce ROOM TEXT`, from a process that serves nobody."""

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Announces a text in a room of the station."

    def add_arguments(self, parser):
        parser.add_argument("room")
        parser.add_argument("text")

    def handle(self, *, room, text, **options):
        raise CommandError("not written yet")
