"""Django's middleware: which shop a visitor is in. Written for WSGI, one request at a time."""

from market import shops


class ShopMiddleware:
    """`request.shop` is the shop's title, and every answer says it in the header X-Shop-Title."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        self.title = shops.find(request.headers.get("X-Shop"))
        request.shop = self.title
        response = self.get_response(request)
        response["X-Shop-Title"] = self.title
        return response
