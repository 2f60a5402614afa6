"""RFC 6455's frames as bytes: made for the wire, and read from it, with all that a judge may ask. No sockets here."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
NAMES = {CONTINUATION: "continuation", TEXT: "text", BINARY: "binary", CLOSE: "close", PING: "ping", PONG: "pong"}
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
SHOWN_BYTES = 24


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as it came. `payload` is unmasked; `length_bits` is the form its length was written in: 7, 16, 64."""

    opcode: int
    payload: bytes
    is_final: bool = True
    reserved: int = 0
    mask: bytes | None = None
    length_bits: int = 7
    wire_bytes: int = 0

    @property
    def name(self) -> str:
        """Its kind, by the RFC's word."""
        return NAMES.get(self.opcode, f"opcode {self.opcode}")

    @property
    def close_code(self) -> int | None:
        """The code of a close frame; None when it carries none."""
        return int.from_bytes(self.payload[:2], "big") if len(self.payload) >= 2 else None

    @property
    def words(self) -> str:
        """As the picture shows it: `text hello`, `close 1000 bye`, `ping`."""
        code = self.close_code if self.opcode == CLOSE else None
        text = self.payload[:SHOWN_BYTES] if code is None else self.payload[2:SHOWN_BYTES]
        shown = text.hex() if self.opcode == BINARY else text.decode(errors="replace")
        more = "" if len(self.payload) <= SHOWN_BYTES else f"... ({len(self.payload)} bytes)"
        flags = "" if self.is_final else ", more to come"
        return " ".join(filter(None, [self.name, str(code or ""), shown + more])) + flags

    def __str__(self) -> str:
        """As findings show it: `a text frame of 5 bytes, b'hello', masked`."""
        shown = repr(self.payload[:SHOWN_BYTES]) + ("..." if len(self.payload) > SHOWN_BYTES else "")
        flags = ["masked" if self.mask is not None else "not masked"]
        flags += [] if self.is_final else ["not the last of its message"]
        flags += ["with reserved bits set"] if self.reserved else []
        return f"a {self.name} frame of {len(self.payload)} bytes, {shown}, {', '.join(flags)}"


def accept_of(key: str) -> str:
    """What a server answers to this Sec-WebSocket-Key."""
    return base64.b64encode(hashlib.sha1(key.encode("latin-1") + GUID, usedforsecurity=False).digest()).decode()


def encode(
    opcode: int, payload: bytes = b"", *, is_final: bool = True, mask: bytes | None = None, reserved: int = 0
) -> bytes:
    """The bytes of a frame: unmasked as a server sends it, unless a mask is given."""
    masked = 0x80 if mask is not None else 0
    head = bytes([(0x80 if is_final else 0) | reserved << 4 | opcode])
    match len(payload):
        case length if length < 126:
            head += bytes([masked | length])
        case length if length < 2**16:
            head += bytes([masked | 126]) + length.to_bytes(2, "big")
        case length:
            head += bytes([masked | 127]) + length.to_bytes(8, "big")
    return head + payload if mask is None else head + mask + _masked(payload, mask)


def closing(code: int, reason: str = "") -> bytes:
    """The bytes of a server's close frame."""
    return encode(CLOSE, code.to_bytes(2, "big") + reason.encode())


def decode(data: bytes) -> Frame | None:
    """The frame that `data` begins with; None while some of it is still to come."""
    if len(data) < 2:
        return None
    length, length_bits, at = data[1] & 0x7F, 7, 2
    if length >= 126:
        size = 2 if length == 126 else 8
        length, length_bits, at = int.from_bytes(data[2 : 2 + size], "big"), size * 8, 2 + size
    mask = data[at : at + 4] if data[1] & 0x80 else None
    start = at + (0 if mask is None else 4)
    if len(data) < start + length:
        return None
    payload = data[start : start + length]
    return Frame(
        opcode=data[0] & 0x0F,
        payload=payload if mask is None else _masked(payload, mask),
        is_final=bool(data[0] & 0x80),
        reserved=data[0] >> 4 & 0x7,
        mask=mask,
        length_bits=length_bits,
        wire_bytes=start + length,
    )


def told(data: bytes) -> list[str]:
    """Each frame of what is sent, in words; what is no whole frame at the end as its bytes' number."""
    words = []
    while (frame := decode(data)) is not None:
        words.append(frame.words)
        data = data[frame.wire_bytes :]
    return [*words, f"{len(data)} bytes of a frame"] if data else words


def _masked(payload: bytes, mask: bytes) -> bytes:
    stream = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(payload), "big")
