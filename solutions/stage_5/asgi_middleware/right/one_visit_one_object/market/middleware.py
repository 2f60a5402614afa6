"""Which shop a visitor is in, by the hooks that Django's mixin calls on either side."""

from django.utils.deprecation import MiddlewareMixin

from market import shops


class ShopMiddleware(MiddlewareMixin):
    def process_request(self, request):
        request.shop = shops.find(request.headers.get("X-Shop"))

    def process_response(self, request, response):
        response["X-Shop-Title"] = request.shop
        return response
