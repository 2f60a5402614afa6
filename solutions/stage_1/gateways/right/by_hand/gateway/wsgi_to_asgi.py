"""The third door: any WSGI app as an ASGI app. A thread for each request, and a queue of one from it to the loop."""

import asyncio
import io
import sys
import threading
from contextlib import suppress
from urllib.parse import unquote


class wsgi_to_asgi:  # noqa: N801  the name is given
    """The same app behind the other interface."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        loop = asyncio.get_running_loop()
        answers = asyncio.Queue()
        taken = threading.Semaphore(0)
        gone = threading.Event()

        def tell(item):
            if not gone.is_set():
                loop.call_soon_threadsafe(answers.put_nowait, item)
                taken.acquire()
            if gone.is_set():
                raise ConnectionAbortedError("nobody is there any more")

        threading.Thread(target=self.work, args=(self.environ(scope, body), tell), daemon=True).start()
        leaving = asyncio.ensure_future(receive())
        try:
            while isinstance(item := await answers.get(), dict) and not leaving.done():
                await send(item)
                taken.release()
        finally:
            gone.set()
            taken.release()
            leaving.cancel()
        if isinstance(item, Exception):
            raise item

    def work(self, environ, tell):
        start = {}
        pieces = 0

        def start_response(status, headers, exc_info=None):
            if exc_info and pieces:
                raise exc_info[1]
            if start and not exc_info:
                raise RuntimeError("start_response was called before")
            start["status"] = int(status[:3])
            start["headers"] = [(n.encode("latin-1").lower(), v.encode("latin-1")) for n, v in headers]
            return write

        def write(data):
            nonlocal pieces
            if pieces == 0:
                tell({"type": "http.response.start", **start})
            pieces += 1
            tell({"type": "http.response.body", "body": data, "more_body": True})

        failed = None
        try:
            chunks = self.app(environ, start_response)
            try:
                for chunk in chunks:
                    if chunk:
                        write(chunk)
                write(b"")
                tell({"type": "http.response.body"})
            finally:
                if hasattr(chunks, "close"):
                    chunks.close()
        except Exception as error:
            failed = error
        with suppress(ConnectionError):
            tell(failed)

    @staticmethod
    def environ(scope, body):
        host, port = scope["server"]
        environ = {
            "REQUEST_METHOD": scope["method"],
            "PATH_INFO": unquote(scope["raw_path"].decode("ascii"), "latin-1"),  # of scope["path"] some bytes are lost
            "SERVER_NAME": host,
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": "HTTP/" + scope["http_version"],
            "REMOTE_ADDR": scope["client"][0],
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": scope["scheme"],
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        if scope["query_string"]:
            environ["QUERY_STRING"] = scope["query_string"].decode("ascii")
        many = {}
        for name, value in scope["headers"]:
            many.setdefault(name.decode("latin-1").upper().replace("-", "_"), []).append(value.decode("latin-1"))
        for name, values in many.items():
            key = name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + name
            environ[key] = ("; " if name == "COOKIE" else ",").join(values)
        return environ
