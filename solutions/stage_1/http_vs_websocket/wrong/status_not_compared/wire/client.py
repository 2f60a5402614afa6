"""Part A: a WebSocket client on a plain socket, as RFC 6455 wants it.

    python -m wire.client ws://127.0.0.1:8000/ws/counter/ --count 2 "hello" "hello again"
"""

import argparse
import base64
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from wire.tcp import Connection, ConnectionLost

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
NORMAL, NO_CODE, PROTOCOL_ERROR, NOT_UTF8 = 1000, 1005, 1002, 1007


class Refused(Exception):
    """The server's answer does not open a WebSocket."""


class Violation(Exception):
    """The server broke the protocol; `code` is the close code for it."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the server broke the protocol: {code}")
        self.code = code


def shake_hands(connection: Connection, url: SplitResult) -> None:
    """Ask for the upgrade, and believe the answer only when it belongs to our key."""
    key = base64.b64encode(os.urandom(16))
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    connection.send(
        f"GET {target} HTTP/1.1\r\n"
        f"Host: {url.netloc}\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key.decode()}\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "\r\n".encode()
    )
    _, headers = connection.read_head()
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
    if headers.get("upgrade", "").lower() != "websocket" or headers.get("sec-websocket-accept") != accept:
        raise Refused("the answer does not belong to our key")


def mask_with(mask: bytes, payload: bytes) -> bytes:
    """The same function masks and unmasks."""
    return bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


def send_frame(connection: Connection, opcode: int, payload: bytes) -> None:
    """One frame, the whole message in it, under a mask of its own."""
    length = len(payload)
    if length < 126:
        form = bytes([0x80 | length])
    elif length < 2**16:
        form = bytes([0x80 | 126]) + length.to_bytes(2, "big")
    else:
        form = bytes([0x80 | 127]) + length.to_bytes(8, "big")
    mask = os.urandom(4)
    connection.send(bytes([0x80 | opcode]) + form + mask + mask_with(mask, payload))


def receive_frame(connection: Connection) -> tuple[bool, int, bytes]:
    """Whether it ends its message, the opcode, and the payload of the next frame."""
    first, second = connection.read(2)
    if first & 0x70 or second & 0x80:  # a reserved bit, or masked by a server
        raise Violation(PROTOCOL_ERROR)
    length = second & 0x7F
    if length == 126:
        length = int.from_bytes(connection.read(2), "big")
    elif length == 127:
        length = int.from_bytes(connection.read(8), "big")
    return bool(first & 0x80), first & 0x0F, connection.read(length)


def receive_messages(connection: Connection) -> Iterator[tuple[int, bytes]]:
    """Whole messages, and last the close frame. Pings are answered on the way, fragments joined."""
    kind, parts = 0, []
    while True:
        is_final, opcode, payload = receive_frame(connection)
        if opcode == PING:
            send_frame(connection, PONG, payload)
        elif opcode == CLOSE:
            yield CLOSE, payload
            return
        elif opcode in (TEXT, BINARY, CONTINUATION):
            if (opcode == CONTINUATION) != bool(parts):
                raise Violation(PROTOCOL_ERROR)
            kind = opcode or kind
            parts.append(payload)
            if is_final:
                yield kind, b"".join(parts)
                parts = []
        elif opcode != PONG:
            raise Violation(PROTOCOL_ERROR)


def text_of(payload: bytes) -> str:
    """The text; what is no UTF-8 breaks the protocol."""
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise Violation(NOT_UTF8) from None


def talk(connection: Connection, url: SplitResult, messages: list[str], count: int | None) -> None:
    """Send the messages, show what comes, until the server closes; or close after `count` messages have come."""
    shake_hands(connection, url)
    for message in messages:
        send_frame(connection, TEXT, message.encode())
    shown, is_closing = 0, False
    try:
        for kind, payload in receive_messages(connection):
            if kind == CLOSE:
                code = int.from_bytes(payload[:2], "big") if payload else NO_CODE
                reason = text_of(payload[2:])
                if not is_closing:
                    send_frame(connection, CLOSE, payload[:2])
                show(closed=code, reason=reason)
            elif not is_closing:
                show(**({"text": text_of(payload)} if kind == TEXT else {"binary": payload.hex()}))
                shown += 1
                if shown == count:
                    send_frame(connection, CLOSE, NORMAL.to_bytes(2, "big"))
                    is_closing = True
    except Violation as error:
        if not is_closing:
            send_frame(connection, CLOSE, error.code.to_bytes(2, "big"))
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
