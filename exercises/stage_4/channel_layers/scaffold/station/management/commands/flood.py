"""Given, for the lesson: sends to a mailbox that nobody reads, and counts what is in it afterwards."""

import asyncio

from channels.layers import get_channel_layer
from django.core.management.base import BaseCommand


async def flood(count):
    """How many of so many messages are there to be received, after the last has been sent."""
    layer = get_channel_layer()
    mailbox = await layer.new_channel()
    await layer.group_add("flood", mailbox)
    for number in range(count):
        await layer.group_send("flood", {"type": "flood.message", "number": number})
    received = 0
    try:
        while True:
            await asyncio.wait_for(layer.receive(mailbox), 0.5)
            received += 1
    except TimeoutError:
        await layer.group_discard("flood", mailbox)
        return received


class Command(BaseCommand):
    help = "Sends COUNT messages to one mailbox, and tells how many of them arrive."

    def add_arguments(self, parser):
        parser.add_argument("count", type=int, nargs="?", default=150)

    def handle(self, *, count, **options):
        received = asyncio.run(flood(count))
        self.stdout.write(f"{count} sent without an error, {received} received")
