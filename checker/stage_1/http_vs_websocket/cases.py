"""What the checks of this exercise send, as data: answers to a handshake, fragments, broken frames, messages."""

from __future__ import annotations

from checker.stage_1.http_vs_websocket.frames import BINARY, CLOSE, PING, TEXT, accept_of, closing, encode

_UPGRADE = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
_KEY_OF_THE_RFC = "dGhlIHNhbXBsZSBub25jZQ=="


def bad_answers(key: str) -> dict[str, bytes]:
    """What the answer to this key is, and its bytes: each is reason to leave."""
    right = accept_of(key)
    return {
        "101 with the Sec-WebSocket-Accept of another key": _answer(_UPGRADE, accept_of(_KEY_OF_THE_RFC)),
        "101 with the right Sec-WebSocket-Accept, but small letters for capitals and capitals for small ones": (
            _answer(_UPGRADE, right.swapcase())
        ),
        "101 without Sec-WebSocket-Accept": f"{_UPGRADE}\r\n".encode(),
        "200 with the right Sec-WebSocket-Accept": (
            _answer(_UPGRADE.replace("101 Switching Protocols", "200 OK"), right)
        ),
    }


def _answer(head: str, accept: str) -> bytes:
    return f"{head}Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()


# Lengths in bytes, and the bits of the shortest form that can tell them.
LENGTHS = {125: 7, 126: 16, 65_535: 16, 65_536: 64}

# A message's kind, its three fragments (the cut goes through the letter ü), and what is shown of it.
FRAGMENTED = (
    (TEXT, (b"gr\xc3", b"\xbc", "ße".encode()), {"text": "grüße"}),
    (BINARY, (b"\x00", b"\xff", b"\x80"), {"binary": "00ff80"}),
)

# A server's close frames, with their codes and reasons.
CLOSES = ((closing(4001, "tea is over"), 4001, "tea is over"), (encode(CLOSE), None, ""))

# What is wrong with the frame, its bytes, and the close code for it.
BROKEN = {
    "a masked frame from the server": (encode(TEXT, b"hello", mask=b"mask"), 1002),
    "the first reserved bit, 0x40": (encode(TEXT, b"hello", reserved=4), 1002),
    "the second reserved bit, 0x20": (encode(TEXT, b"hello", reserved=2), 1002),
    "the third reserved bit, 0x10, on a ping": (encode(PING, b"hello", reserved=1), 1002),
    "a masked ping from the server": (encode(PING, b"hello", mask=b"mask"), 1002),
    "a text that is no UTF-8": (encode(TEXT, b"caf\xe9"), 1007),
}

# Messages that a socket counts.
COUNTED: tuple[str | bytes, ...] = ("hello", b"\x00\xff\x80", "", b"", '{"number": 99}')

OTHER_PATHS = ("/ws/other/", "/ws/counter", "/ws/counter/x", "/", "/hello/")
