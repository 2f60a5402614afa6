"""Given: `python manage.py look_up PARCEL ...`: who gets each of them, a line for each."""

import os
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from depot import aio, bridges
from depot.tracing import request_id


class Command(BaseCommand):
    """It asks the same bridge as the plain view."""

    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("parcel", nargs="+")

    def handle(self, *, parcel: list[str], **options: object) -> None:
        request_id.set(f"command {os.getpid()}")
        try:
            found = bridges.look_up(parcel)
        except aio.Refused as error:
            raise CommandError(str(error)) from None
        for name, addressee in found.items():
            self.stdout.write(f"{name}: {addressee}")
