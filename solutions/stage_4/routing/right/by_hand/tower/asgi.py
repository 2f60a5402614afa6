"""Which application serves a connection: asked here, in plain Python."""

import os
import re

from django.core.asgi import get_asgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = os.environ.get("DJANGO_SETTINGS_MODULE") or "tower.settings"
django_application = get_asgi_application()

from feed import routing as feed_routing  # noqa: E402
from rooms import routing as rooms_routing  # noqa: E402
from tower.meters import MeterConsumer  # noqa: E402
from tower.opening import lifespan  # noqa: E402
from tower.polling import LongPoll  # noqa: E402

TENANT = re.compile(r"/ws/(?P<tenant>[-a-zA-Z0-9_]+)/")
POLL = re.compile(r"/longpoll/(?P<id>[0-9]+)/")

meter = MeterConsumer.as_asgi()
long_poll = LongPoll.as_asgi()


async def application(scope, receive, send):
    """The ASGI application."""
    match scope["type"]:
        case "http":
            await http(scope, receive, send)
        case "websocket":
            await websocket(scope, receive, send)
        case "lifespan":
            await lifespan(scope, receive, send)
        case "mqtt":
            await meter(scope, receive, send)
        case unknown:
            raise NotImplementedError(unknown)


async def http(scope, receive, send):
    """Long polls go to their consumer, the rest to Django."""
    if found := POLL.fullmatch(own_path(scope)):
        await long_poll(routed(scope, id=int(found["id"])), receive, send)
    else:
        await django_application(scope, receive, send)


async def websocket(scope, receive, send):
    """Tenants' addresses go to the apps' consumers. Others hear why not, and are closed with 4404."""
    path = own_path(scope)
    if tenant := TENANT.match(path):
        for address, converters, consumer in [*rooms_routing.ROUTES, *feed_routing.ROUTES]:
            if found := address.fullmatch(path, tenant.end()):
                kwargs = {name: converters.get(name, str)(value) for name, value in found.groupdict().items()}
                await consumer(routed(scope, tenant=tenant["tenant"], **kwargs), receive, send)
                return
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": '{"error": "nobody is here"}'})
    await send({"type": "websocket.close", "code": 4404})


def own_path(scope):
    """The path below the one at which the site is mounted."""
    return scope["path"].removeprefix(scope.get("root_path", ""))


def routed(scope, **kwargs):
    """The scope with what the address has told, as consumers look for it."""
    return {**scope, "url_route": {"args": (), "kwargs": kwargs}}
