"""Given: a TCP connection for part A. It knows what a head of HTTP looks like, and nothing of WebSockets."""

import socket


class ConnectionLost(Exception):
    """The other side has ended the connection, or it broke."""


class Connection:
    """A connection to host:port, with exact reads."""

    def __init__(self, host: str, port: int) -> None:
        try:
            self._socket = socket.create_connection((host, port))
        except OSError as error:
            raise ConnectionLost(str(error)) from error
        self._stream = self._socket.makefile("rb")

    def send(self, data: bytes) -> None:
        """Send all of it."""
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise ConnectionLost(str(error)) from error

    def read(self, count: int) -> bytes:
        """Exactly `count` bytes, waited for. Raises ConnectionLost when the connection ends before."""
        try:
            data = self._stream.read(count)
        except OSError as error:
            raise ConnectionLost(str(error)) from error
        if len(data) < count:
            raise ConnectionLost("the connection ended")
        return data

    def read_head(self) -> tuple[int, dict[str, str]]:
        """The status and the headers (names in lower case) of an HTTP answer; not a byte of what follows them."""
        try:
            lines = [self._stream.readline(65_536)]
            while lines[-1] not in (b"\r\n", b"\n", b""):
                lines.append(self._stream.readline(65_536))
        except OSError as error:
            raise ConnectionLost(str(error)) from error
        status = lines[0].split(b" ")[1:2]
        if lines[-1] == b"" or not status or not status[0].strip().isdigit():
            raise ConnectionLost("no answer that HTTP knows")
        pairs = [line.decode("latin-1").partition(":") for line in lines[1:-1]]
        return int(status[0]), {name.strip().lower(): value.strip() for name, _, value in pairs}

    def close(self) -> None:
        """End it."""
        self._stream.close()
        self._socket.close()
