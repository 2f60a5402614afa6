"""Which shop a visitor is in."""

from asgiref.sync import iscoroutinefunction
from django.utils.decorators import sync_and_async_middleware

from market import shops


@sync_and_async_middleware
def ShopMiddleware(get_response):
    if iscoroutinefunction(get_response):

        async def middleware(request):
            title = request.shop = shops.find(request.headers.get("X-Shop"))
            response = await get_response(request)
            response.headers["X-Shop-Title"] = title
            return response

    else:

        def middleware(request):
            title = request.shop = shops.find(request.headers.get("X-Shop"))
            response = get_response(request)
            response.headers["X-Shop-Title"] = title
            return response

    return middleware
