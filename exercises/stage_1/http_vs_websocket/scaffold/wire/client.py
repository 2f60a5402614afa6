"""Your work, part A: a WebSocket client on a plain socket. A forgiving server talks to it, a strict one does not.

    python -m wire.client ws://127.0.0.1:8000/ws/counter/ --count 2 "hello" "hello again"
"""

import argparse
import json
import sys
from urllib.parse import SplitResult, urlsplit

from wire.tcp import Connection, ConnectionLost

TEXT, CLOSE = 0x1, 0x8


class Refused(Exception):
    """The server's answer does not open a WebSocket."""


class Violation(Exception):
    """The server broke the protocol; `code` is the close code for it."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the server broke the protocol: {code}")
        self.code = code


def shake_hands(connection: Connection, url: SplitResult) -> None:
    """Ask for the upgrade, and look at the answer."""
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    connection.send(
        f"GET {target} HTTP/1.1\r\n"
        f"Host: {url.netloc}\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"  # the example of RFC 6455
        "Sec-WebSocket-Version: 13\r\n"
        "\r\n".encode()
    )
    status, _ = connection.read_head()
    if status != 101:
        raise Refused(f"status {status}")


def send_frame(connection: Connection, opcode: int, payload: bytes) -> None:
    """One frame, the whole message in it."""
    connection.send(bytes([0x80 | opcode, len(payload)]) + payload)


def receive_frame(connection: Connection) -> tuple[int, bytes]:
    """The opcode and the payload of the next frame."""
    first, second = connection.read(2)
    return first & 0x0F, connection.read(second & 0x7F)


def talk(connection: Connection, url: SplitResult, messages: list[str], count: int | None) -> None:
    """Send the messages, show what comes, until the server closes; or close after `count` messages have come."""
    shake_hands(connection, url)
    for message in messages:
        send_frame(connection, TEXT, message.encode())
    while True:
        opcode, payload = receive_frame(connection)
        if opcode == TEXT:
            show(text=payload.decode())
        elif opcode == CLOSE:
            show(closed=int.from_bytes(payload[:2], "big"), reason=payload[2:].decode())
            return


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
