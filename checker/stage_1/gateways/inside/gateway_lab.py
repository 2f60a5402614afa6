"""The WSGI app that the learner's server and adapter serve: `gateway_lab:application` and `gateway_lab:asgi`.

Runs in the learner's process, copied out of the project. Below /lab/ stand the pages of gateway_lab_pages.py, which
look closely at how they are called, and tell by the probe's journal; everything else is the shop's.
"""

from __future__ import annotations

from _thread import get_native_id
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from learn_probe.frames import PROJECT, spots_of, this_frame  # type: ignore[import-not-found]
from learn_probe.journal import tell  # type: ignore[import-not-found]
from shop.wsgi import application as shop  # type: ignore[import-not-found]

if TYPE_CHECKING:  # at run time the lab's modules lie side by side on the path
    from checker.stage_1.gateways.inside.gateway_lab_answers import Watched
    from checker.stage_1.gateways.inside.gateway_lab_pages import PAGES, Environ, StartResponse
else:
    from gateway_lab_answers import Watched
    from gateway_lab_pages import PAGES, Environ, StartResponse


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """What the learner's own server serves: the pages, with the events that the probe tells of other servers."""
    request, path = str(environ.get("HTTP_X_LEARN_REQUEST", "")), str(environ.get("PATH_INFO", ""))
    _tell_entered(environ)
    if not request:
        return _led(environ, start_response)
    tell("app.entered", request=request, path=path, scope="wsgi", thread=get_native_id(), loop=False)
    try:
        answer = _led(environ, start_response)
    except BaseException:
        tell("app.left", request=request)
        raise
    if hasattr(answer, "close"):
        return Watched(answer, lambda: tell("app.left", request=request))
    tell("app.left", request=request)
    return answer


def _led(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Lead to a page of the lab, or to the shop."""
    path = str(environ.get("PATH_INFO", ""))
    # More than one leading slash may have become one on the way, as http.server does it.
    page, _, tag = f"/{path.lstrip('/')}".removeprefix("/lab/").partition("/")
    if not path.lstrip("/").startswith("lab/") or page not in PAGES:
        answer: Iterable[bytes] = shop(environ, start_response)
        return answer
    return PAGES[page](environ, start_response, tag.strip("/"))


def __getattr__(name: str) -> Any:
    """The same app through the learner's adapter: `asgi`, made when it is asked for."""
    if name != "asgi":
        raise AttributeError(name)
    from gateway.wsgi_to_asgi import wsgi_to_asgi  # type: ignore[import-not-found]

    def entered(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        _tell_entered(environ)
        return _led(environ, start_response)

    return wsgi_to_asgi(entered)


def _tell_entered(environ: Environ) -> None:
    """That the app was called, for which request, and by which line of the learner's."""
    request, path = str(environ.get("HTTP_X_LEARN_REQUEST", "")), str(environ.get("PATH_INFO", ""))
    place = PROJECT.where(PROJECT.innermost(spots_of(this_frame())))
    tell("lab.entered", request=request, path=path, where=place)
