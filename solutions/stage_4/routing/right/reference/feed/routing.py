"""The addresses of this app, below a tenant's."""

from channels.routing import URLRouter
from django.urls import path

from feed.consumers import FeedConsumer

router = URLRouter([path("", FeedConsumer.as_asgi())])
