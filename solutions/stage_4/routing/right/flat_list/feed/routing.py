"""The addresses of this app, below a tenant's."""

from feed.consumers import FeedConsumer

ROUTES = {"feed/": FeedConsumer}
