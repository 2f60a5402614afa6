"""The third door: any WSGI app as an ASGI app, for uvicorn and its like. Somebody has written that before."""

from typing import Any

from asgiref.wsgi import WsgiToAsgi


def wsgi_to_asgi(app: Any) -> WsgiToAsgi:
    """The same app behind the other interface."""
    return WsgiToAsgi(app)
