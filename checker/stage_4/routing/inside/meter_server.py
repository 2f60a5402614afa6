"""A server of a protocol of its own: meters speak lines to it, and the learner's application hears of them in ASGI.

Started in the learner's folder as `python meter_server.py SOCKET`, in an environment that names no settings. Prints
`imported` and `listening`. A meter's first line is `CONNECT name`, further ones are `PUBLISH topic payload`; what the
application sends comes back as a line. An error that leaves the application comes as `ERROR`; its traceback is printed.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
import traceback
from typing import Any

Message = dict[str, Any]


async def main(address: str) -> None:
    """Serve until somebody stops it."""
    # The learner's project comes first from here on; nothing of it has the name of a module that is loaded already.
    sys.path.insert(0, os.getcwd())  # noqa: PTH109  a string is what belongs there
    application = importlib.import_module("tower.asgi").application
    say("imported")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Meter(reader, writer).serve(application)

    server = await asyncio.start_unix_server(serve, address)
    say("listening")
    await server.serve_forever()


class Meter:
    """One connection, as its meter and as the application see it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.is_over = False

    async def serve(self, application: Any) -> None:
        """Call the application for it, and tell how that ended."""
        _, client = (await self.reader.readline()).decode().split()
        self.messages = iter([{"type": "mqtt.connect"}])
        scope = {"type": "mqtt", "asgi": {"version": "3.0"}, "client_id": client}
        try:
            await application(scope, self.receive, self.send)
            self.write("RETURNED")
        except Exception as error:  # noqa: BLE001  whatever it is, it is the learner's
            traceback.print_exc()
            self.write(f"ERROR {type(error).__name__}: {error}")
        finally:
            self.writer.close()

    async def receive(self) -> Message:
        """The next message: the connection first, then a line, at last the end."""
        if message := next(self.messages, None):
            return message
        line = (await self.reader.readline()).decode()
        if not line:
            return {"type": "mqtt.disconnect"}
        _, topic, payload = line.rstrip("\n").split(" ", 2)
        return {"type": "mqtt.publish", "topic": topic, "payload": payload}

    async def send(self, message: Message) -> None:
        """To the meter: `PUBACK boiler/heat 2`."""
        kind = message["type"].rpartition(".")[2].upper()
        self.write(" ".join([kind, *(str(value) for name, value in message.items() if name != "type")]))

    def write(self, line: str) -> None:
        """One line."""
        self.writer.write(f"{line}\n".encode())


def say(word: str) -> None:
    """To whoever has started it."""
    print(word, flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
