"""Given: who is speaking. `/ws/?user=ada` puts "ada" into scope["user_name"].

This believes whatever the client says, so that you can play every user from one terminal. It is no authentication:
that is the exercise Security, in stage 6.
"""

import re
from urllib.parse import parse_qs

USER_NAME = re.compile(r"[A-Za-z0-9]{1,30}")


class Identity:
    """ASGI middleware around the consumers. A handshake without a proper name is refused."""

    def __init__(self, application):
        self.application = application

    async def __call__(self, scope, receive, send):
        name = parse_qs(scope["query_string"].decode()).get("user", [""])[0]
        if not USER_NAME.fullmatch(name):
            await receive()
            await send({"type": "websocket.close"})
            return
        await self.application({**scope, "user_name": name}, receive, send)
