"""ASGI's middleware: around pages, sockets and the lifespan. By now it lets everything through."""


class Traced:
    """An ASGI application around another one, which gives each visit an id, and notes it in the journal."""

    def __init__(self, application):
        self.application = application

    async def __call__(self, scope, receive, send):
        await self.application(scope, receive, send)
