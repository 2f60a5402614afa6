"""The third door: any WSGI app as an ASGI app. wsgiref calls the app; what it writes goes to the loop."""

import asyncio
import io
import sys
from urllib.parse import unquote_to_bytes
from wsgiref.handlers import BaseHandler


class OnAThread(BaseHandler):
    """One call of the app, on a thread of its own. `tell` sends one ASGI message, and waits for that."""

    os_environ = {}
    wsgi_multithread, wsgi_multiprocess, wsgi_run_once = True, False, False

    def __init__(self, environ, body, tell):
        self.base_env = environ
        self.body = body
        self.tell = tell

    def add_cgi_vars(self):
        self.environ.update(self.base_env)

    def get_stdin(self):
        return self.body

    def get_stderr(self):
        return sys.stderr

    def write(self, data):
        if not self.status:
            raise AssertionError("write() before start_response()")
        if data:
            if not self.headers_sent:
                self.send_headers()
            self.tell({"type": "http.response.body", "body": data, "more_body": True})

    def send_headers(self):
        self.headers_sent = True
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in self.headers.items()]
        self.tell({"type": "http.response.start", "status": int(self.status[:3]), "headers": headers})

    def finish_content(self):
        if not self.headers_sent:
            self.send_headers()
        self.tell({"type": "http.response.body", "body": b"", "more_body": False})

    def handle_error(self):
        """The ASGI server answers an error, as it does any ASGI app's."""
        self.failed = sys.exc_info()[1]

    failed = None


def wsgi_to_asgi(app):
    """The same app behind the other interface."""

    async def asgi(scope, receive, send):
        if scope["type"] != "http":
            raise ValueError("only HTTP")
        body = io.BytesIO()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body.write(message.get("body", b""))
            more = message.get("more_body", False)
        body.seek(0)
        loop = asyncio.get_running_loop()
        leaving = asyncio.ensure_future(receive())

        async def send_unless_left(message):
            if leaving.done():
                raise ConnectionAbortedError("the visitor has left")
            await send(message)

        def tell(message):
            asyncio.run_coroutine_threadsafe(send_unless_left(message), loop).result()

        call = OnAThread(environ_of(scope), body, tell)
        try:
            await asyncio.to_thread(call.run, app)
        finally:
            leaving.cancel()
        if call.failed is not None:
            raise call.failed

    return asgi


def environ_of(scope):
    """The scope as CGI's variables."""
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": scope["server"][0],
        "SERVER_PORT": str(scope["server"][1]),
        "SERVER_PROTOCOL": "HTTP/" + scope["http_version"],
        "REMOTE_ADDR": scope["client"][0],
    }
    many = {}
    for name, value in scope["headers"]:
        many.setdefault(name.decode("latin-1").upper().replace("-", "_"), []).append(value.decode("latin-1"))
    for key, values in many.items():
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = "HTTP_" + key
        environ[key] = ("; " if key == "HTTP_COOKIE" else ",").join(values)
    return environ
