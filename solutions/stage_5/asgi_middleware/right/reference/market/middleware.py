"""Django's middleware: which shop a visitor is in. Native on either side."""

from asgiref.sync import iscoroutinefunction, markcoroutinefunction

from market import shops


class ShopMiddleware:
    """`request.shop` is the shop's title, and every answer says it in the header X-Shop-Title."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response):
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            # Django asks the instance, and an instance with an `async def __call__` is no coroutine function.
            markcoroutinefunction(self)

    def __call__(self, request):
        if iscoroutinefunction(self):
            return self.__acall__(request)
        title = self.enter(request)
        return self.leave(self.get_response(request), title)

    async def __acall__(self, request):
        title = self.enter(request)
        return self.leave(await self.get_response(request), title)

    def enter(self, request):
        """What comes before the page. There is one of us for all requests: nothing is kept on self."""
        request.shop = shops.find(request.headers.get("X-Shop"))
        return request.shop

    def leave(self, response, title):
        """What comes after it."""
        response["X-Shop-Title"] = title
        return response
