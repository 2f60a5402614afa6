"""Given: a long poll. Its answer comes when the bell rings: `POST /ring/7/` answers `GET /longpoll/7/`."""

import json

from channels.generic.http import AsyncHttpConsumer

from tower import bell


class LongPoll(AsyncHttpConsumer):
    """HTTP, served by a consumer: one instance for each request."""

    async def handle(self, body):
        kwargs = self.scope["url_route"]["kwargs"]
        await bell.wait(kwargs["id"])
        answer = json.dumps({"consumer": "LongPoll", "kwargs": kwargs}).encode()
        await self.send_response(200, answer, headers=[(b"Content-Type", b"application/json")])
