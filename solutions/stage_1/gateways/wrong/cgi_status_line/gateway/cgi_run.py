"""The first door: one request through CGI, answered by this process, which then ends. Written out by hand.

A web server starts `python -m gateway.cgi_run` for each request. The request comes as environment variables and, when
it has a body, on stdin; the answer goes to stdout.
"""

import io
import os
import sys

from shop.wsgi import application


def main() -> None:
    """Serve `shop.wsgi.application` this one request."""
    out = sys.stdout.buffer
    # The server passed bytes. Python decoded them for this machine's locale; WSGI wants them as latin-1.
    environ = {name: os.fsencode(value).decode("latin-1") for name, value in os.environ.items()}
    body = sys.stdin.buffer.read(int(environ.get("CONTENT_LENGTH") or 0))
    environ.update(
        {
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https" if environ.get("HTTPS", "off").lower() in ("on", "1") else "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": False,
            "wsgi.multiprocess": True,
            "wsgi.run_once": True,
        }
    )
    head = []
    begun = False

    def start_response(status, headers, exc_info=None):
        if exc_info and begun:
            raise exc_info[1]
        head[:] = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        return write

    def write(data):
        nonlocal begun
        if not begun:
            begun = True
            out.write("\r\n".join([*head, "", ""]).encode("latin-1"))
        out.write(data)
        out.flush()

    chunks = application(environ, start_response)
    try:
        for chunk in chunks:
            if chunk:
                write(chunk)
        write(b"")
    finally:
        if hasattr(chunks, "close"):
            chunks.close()


if __name__ == "__main__":
    main()
