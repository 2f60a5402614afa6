"""The learner's stack with a tracer around every layer, and one more page: gunicorn serves it for the picture.

Runs in the server's process, and judges nothing. Its events are layer.entered, layer.returned, layer.chunk, layer.left.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from checker.probe.learn_probe.journal import tell
from checker.stage_2.wsgi_middleware.inside.rooms import ROOMS

WSGI_LAYERS = {"AccessLedger": "mall.ledger", "MaintenanceGate": "mall.maintenance"}
VIEW = "the view"
REQUEST_VARIABLE = "HTTP_X_LEARN_REQUEST"


class _Body:
    """A layer's body, each of its chunks and its end on record."""

    def __init__(self, layer: str, request: str, body: Iterable[bytes]) -> None:
        self._layer = layer
        self._request = request
        self._body = body
        self._chunks = iter(body)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = next(self._chunks)
        tell("layer.chunk", layer=self._layer, request=self._request)
        return chunk

    def close(self) -> None:
        try:
            if hasattr(self._body, "close"):
                self._body.close()
        finally:
            tell("layer.left", layer=self._layer, request=self._request)


def _around(layer: str, app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    def traced(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = environ.get(REQUEST_VARIABLE, "")
        tell("layer.entered", layer=layer, request=request)
        body = app(environ, start_response)
        tell("layer.returned", layer=layer, request=request)
        # What a layer passes on untouched it has nothing more to do with.
        return body if isinstance(body, _Body) else _Body(layer, request, body)

    return traced


def _before(layer: str) -> Callable[..., Any]:
    def tracer(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def traced(request: Any) -> Any:
            tell("layer.entered", layer=layer, request=request.META.get(REQUEST_VARIABLE, ""))
            try:
                return get_response(request)
            finally:
                tell("layer.returned", layer=layer, request=request.META.get(REQUEST_VARIABLE, ""))

        return traced

    return tracer


def _stack() -> Callable[..., Iterable[bytes]]:
    # Our own folder comes last from here on: nothing in it may stand before an installed package.
    sys.path[:] = [*(entry for entry in sys.path if entry != ROOMS), ROOMS]
    settings = importlib.import_module("mall.settings")
    traced = []
    for number, path in enumerate([*settings.MIDDLEWARE, VIEW]):
        globals()[f"before_{number}"] = _before(path.rpartition(".")[2])
        traced += [f"{__name__}.before_{number}", path]
    settings.__dict__["MIDDLEWARE"] = traced[:-1]
    _add_a_public_page()
    for name, module_name in WSGI_LAYERS.items():
        _replace(importlib.import_module(module_name), name)
    django = importlib.import_module("django.core.wsgi")
    get_wsgi_application = django.get_wsgi_application
    django.__dict__["get_wsgi_application"] = lambda: _around("Django", get_wsgi_application())
    app: Callable[..., Iterable[bytes]] = importlib.import_module("mall.wsgi").application
    return app


def _add_a_public_page() -> None:
    """One more page of the mall, marked as the others are: it says whose shop it takes the request for."""
    django_http, django_urls = (importlib.import_module(f"django.{name}") for name in ("http", "urls"))

    def fair(request: Any) -> Any:
        return django_http.JsonResponse({"tenant": request.tenant.slug if request.tenant else None})

    public = importlib.import_module("mall.directory").public
    importlib.import_module("mall.urls").urlpatterns.append(django_urls.path("fair/", public(fair)))


def _replace(module: Any, name: str) -> None:
    # Replaced before mall.wsgi is imported, so that it takes the traced one by the name it knows.
    original = getattr(module, name)
    setattr(module, name, lambda app: _around(name, original(app)))


application = _stack()
