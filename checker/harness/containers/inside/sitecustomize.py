"""The network of a container, for its Python programs: what they open to everybody opens on this machine's loopback.

A container has an address of its own, and has to listen at all of them. Here that would open the learner's site to the
network, so the wish is told (`container.opened`) and loopback is bound in its place.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from contextlib import suppress
from typing import Any

# A dual-stack IPv6 socket takes loopback as a mapped address, so that 127.0.0.1 reaches it.
LOOPBACK = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::ffff:127.0.0.1"}  # noqa: S104  the wish, not what is done

_bind = socket.socket.bind


def bind(self: socket.socket, address: Any) -> None:
    """As `socket.bind`, but never to all addresses."""
    if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] in LOOPBACK:
        _tell("container.opened", str(address[0]), int(address[1]))
        print(f"learn: {address[0] or '0.0.0.0'} is opened on loopback only", file=sys.stderr, flush=True)  # noqa: S104, T201
        address = (LOOPBACK[address[0]], *address[1:])
    elif self.family in (socket.AF_INET, socket.AF_INET6) and address[1]:
        _tell("container.bound", str(address[0]), int(address[1]))
    _bind(self, address)


def _tell(kind: str, host: str, port: int) -> None:
    facts = {"t": time.monotonic(), "kind": kind, "pid": os.getpid(), "host": host, "port": port}
    facts["server"] = os.environ.get("LEARN_SERVER", "")
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as letter:
        letter.sendto(json.dumps(facts).encode(), os.environ.get("LEARN_PROBE", ""))


setattr(socket.socket, "bind", bind)  # noqa: B010  plainly assigned, it would be a type error
