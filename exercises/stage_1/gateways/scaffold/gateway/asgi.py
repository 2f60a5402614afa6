"""What an ASGI server is told to serve: `uvicorn --lifespan off gateway.asgi:application`."""

from gateway.wsgi_to_asgi import wsgi_to_asgi
from shop.wsgi import application as shop

application = wsgi_to_asgi(shop)
