"""Given: who somebody is, told by a signed cookie that `/login/` sets. Nobody else's word counts.

There is no password here, so that you can play everybody from one browser.
"""

from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from asgiref.sync import iscoroutinefunction
from django.core import signing
from django.http import JsonResponse
from django.utils.decorators import sync_and_async_middleware

COOKIE = "chat_name"
OPEN_PATHS = {"/", "/login/"}


def cookie_for(name):
    """The cookie's value for this name."""
    return signing.Signer(salt=COOKIE).sign(name)


def name_in(value):
    """Whose cookie that is; None where nobody has signed it."""
    try:
        return signing.Signer(salt=COOKIE).unsign(value)
    except signing.BadSignature:
        return None


@sync_and_async_middleware
def signed_in(get_response):
    """Views find `request.user_name`; who has not signed in gets 403, but for the page and the login."""

    def refused(request):
        request.user_name = name_in(request.COOKIES.get(COOKIE, ""))
        if request.user_name is None and request.path not in OPEN_PATHS:
            return JsonResponse({"error": "sign in first"}, status=403)
        return None

    if iscoroutinefunction(get_response):

        async def middleware(request):
            return refused(request) or await get_response(request)
    else:

        def middleware(request):
            return refused(request) or get_response(request)

    return middleware


class Entrance:
    """`/ws/?room=TITLE&after=ID` puts "user_name", "room" (text) and "after" (a number or None) into the scope.

    A handshake without a good cookie, or without a room, is refused.
    """

    def __init__(self, application):
        self.application = application

    async def __call__(self, scope, receive, send):
        query = parse_qs(scope["query_string"].decode())
        [room], [after] = query.get("room", [""])[:1], query.get("after", [""])[:1]
        name = name_in(cookie_of(scope))
        if name is None or not room:
            await receive()
            await send({"type": "websocket.close"})
            return
        seen = int(after) if after.isdecimal() else None
        await self.application({**scope, "user_name": name, "room": room, "after": seen}, receive, send)


def cookie_of(scope):
    """The value of our cookie in this scope's headers."""
    header = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
    try:
        found = SimpleCookie(header.decode("latin-1")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""
