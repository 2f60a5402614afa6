"""Part A: a WebSocket client on a plain socket; the protocol is a class of its own.

    python -m wire.client ws://127.0.0.1:8000/ws/counter/ --count 2 "hello" "hello again"
"""

import argparse
import hashlib
import json
import secrets
import struct
import sys
from base64 import b64encode
from dataclasses import dataclass
from enum import IntEnum
from itertools import cycle
from urllib.parse import SplitResult, urlsplit

from wire.tcp import Connection, ConnectionLost


class Kind(IntEnum):
    """The opcodes that RFC 6455 knows."""

    MORE = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


class Refused(Exception):
    """The server's answer does not open a WebSocket."""


class Violation(Exception):
    """The server broke the protocol; `code` is the close code for it."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the server broke the protocol: {code}")
        self.code = code


class Closed(Exception):
    """The server has sent its close frame."""

    def __init__(self, payload: bytes) -> None:
        super().__init__("closed")
        self.code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else 1005
        self.reason = decoded(payload[2:])
        self.status = payload[:2]


@dataclass
class WebSocket:
    """One open WebSocket over a connection."""

    connection: Connection

    @classmethod
    def open(cls, connection: Connection, url: SplitResult) -> "WebSocket":
        """Shake hands."""
        key = b64encode(secrets.token_bytes(16)).decode()
        lines = [
            f"GET {url._replace(scheme='', netloc='').geturl() or '/'} HTTP/1.1",
            f"Host: {url.hostname}:{url.port}",
            "Connection: keep-alive, Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
            "Origin: http://localhost",
        ]
        connection.send("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
        status, headers = connection.read_head()
        wanted = hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()
        if status != 101 or headers.get("sec-websocket-accept") != b64encode(wanted).decode():
            raise Refused(f"status {status}, or not for our key")
        return cls(connection)

    def send(self, kind: Kind, payload: bytes) -> None:
        """One masked frame."""
        size, first = len(payload), 0x80 | kind
        if size <= 125:
            head = struct.pack("!BB", first, 0x80 + size)
        elif size <= 0xFFFF:
            head = struct.pack("!BBH", first, 0x80 + 126, size)
        else:
            head = struct.pack("!BBQ", first, 0x80 + 127, size)
        mask = secrets.token_bytes(4)
        self.connection.send(head + mask + bytes(a ^ b for a, b in zip(payload, cycle(mask))))

    def message(self) -> "str | bytes":
        """The next message. Raises Closed instead when the server closes."""
        kind, whole, is_last = Kind.MORE, b"", False
        while not is_last:
            is_last, opcode, payload = self._frame()
            match opcode:
                case Kind.PING:
                    self.send(Kind.PONG, payload)
                case Kind.CLOSE:
                    raise Closed(payload)
                case Kind.MORE | Kind.TEXT | Kind.BINARY:
                    kind, whole = kind or opcode, whole + payload
                    continue
                case Kind.PONG:
                    pass
                case _:
                    raise Violation(1002)
            is_last = False
        return whole if kind == Kind.BINARY else decoded(whole)

    def _frame(self) -> tuple[bool, int, bytes]:
        first, second = self.connection.read(2)
        if first & 0b0111_0000 or second >= 0x80:
            raise Violation(1002)
        size = second
        if second >= 126:
            form = "!H" if second == 126 else "!Q"
            (size,) = struct.unpack(form, self.connection.read(struct.calcsize(form)))
        return first >= 0x80, first & 0b1111, self.connection.read(size)


def decoded(data: bytes) -> str:
    """The text that these bytes are."""
    try:
        return str(data, "utf-8")
    except UnicodeDecodeError as error:
        raise Violation(1007) from error


def talk(connection: Connection, url: SplitResult, messages: list[str], count: int | None) -> None:
    """Send the messages, show what comes, until the server closes; or close after `count` messages have come."""
    websocket = WebSocket.open(connection, url)
    for message in messages:
        websocket.send(Kind.TEXT, message.encode())
    left, has_closed = count, False
    try:
        while True:
            message = websocket.message()
            if has_closed:
                continue
            if isinstance(message, str):
                show(text=message)
            else:
                show(binary=message.hex())
            if left is not None:
                left -= 1
                if left == 0:
                    websocket.send(Kind.CLOSE, struct.pack("!H", 1000))
                    has_closed = True
    except Closed as closed:
        if not has_closed:
            websocket.send(Kind.CLOSE, closed.status)
        show(closed=closed.code, reason=closed.reason)
    except Violation as error:
        if not has_closed:
            websocket.send(Kind.CLOSE, struct.pack("!H", error.code))
        raise


# --- given: the command line ---


def show(**fields: str | int) -> None:
    """One line of JSON, at once."""
    print(json.dumps(fields), flush=True)


def main() -> int:
    """Read the arguments, talk, and tell the shell how it ended."""
    parser = argparse.ArgumentParser(prog="python -m wire.client")
    parser.add_argument("url", help="ws://host:port/path")
    parser.add_argument("messages", nargs="*", help="sent as text messages, in this order")
    parser.add_argument("--count", type=int, help="close after so many messages have come, text or binary")
    options = parser.parse_intermixed_args()
    url = urlsplit(options.url)
    connection = None
    try:
        connection = Connection(url.hostname or "127.0.0.1", url.port or 80)
        talk(connection, url, options.messages, options.count)
    except Refused as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1
    except ConnectionLost:
        show(closed=1006, reason="")
        return 3
    except Violation as error:
        show(closed=error.code, reason="")
        return 4
    finally:
        if connection is not None:
            connection.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
