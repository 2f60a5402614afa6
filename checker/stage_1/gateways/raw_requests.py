"""Requests sent byte by byte: for heads that a client library would not send so, and answers it would not show so.

The history has none of them, nor do pictures: they carry no id, and a visitor has no such requests.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from checker.harness.bounds import MOST_BYTES, answer_endless
from checker.harness.site import Site
from checker.harness.waiting import wait_until

RAW_DEADLINE_S = 10.0
# A server has read a segment when the kernel holds nothing for it any more. Where that cannot be seen (not Linux), or
# where it only peeks, the next one follows after this long.
SEGMENT_DEADLINE_S = 2.0
LOOK_AGAIN_S = 0.02
CONNECTIONS = Path("/proc/net/tcp")


def raw_answer(
    site: Site,
    method: str,
    target: str,
    *lines: str,
    protocol: str = "HTTP/1.1",
    cuts: Sequence[bytes] = (),
) -> bytes:
    """Everything the server sends to this request's head until it closes the connection; empty when that is nothing.

    The head is cut behind each of `cuts`, and what follows is sent when the server has read what stands before.
    """
    head, said = "\r\n".join([f"{method} {target} {protocol}", *lines, "", ""]).encode(), b""
    address = ("127.0.0.1", site.port)
    with suppress(OSError), socket.create_connection(address, timeout=RAW_DEADLINE_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for cut in cuts:
            segment, head = head[: head.index(cut) + len(cut)], head[head.index(cut) + len(cut) :]
            connection.sendall(segment)
            _wait_read(connection, site.port)
        connection.sendall(head)
        while piece := connection.recv(65_536):
            said += piece
            if len(said) > MOST_BYTES:
                raise answer_endless(f"the answer to {target}", len(said))
    return said


def _wait_read(connection: socket.socket, server_port: int) -> None:
    """Until the server has read all that was sent so far, or has answered."""
    own_port = connection.getsockname()[1]

    def has_answered() -> bool:
        return bool(select.select([connection], [], [], 0)[0])

    wait_until(lambda: _is_read(own_port, server_port) or has_answered(), SEGMENT_DEADLINE_S, every_s=LOOK_AGAIN_S)


def _is_read(own_port: int, server_port: int) -> bool:
    if not CONNECTIONS.exists():
        return False
    queues = {}
    for line in CONNECTIONS.read_text().splitlines()[1:]:
        fields = line.split()
        ports = tuple(int(address.rpartition(":")[2], 16) for address in fields[1:3])
        queues[ports] = [int(bytes_, 16) for bytes_ in fields[4].split(":")]
    sent, received = queues.get((own_port, server_port)), queues.get((server_port, own_port))
    return sent is not None and received is not None and sent[0] == 0 and received[1] == 0
