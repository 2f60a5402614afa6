"""The addresses of this app, below a tenant's."""

import re

from feed.consumers import FeedConsumer

ROUTES = [(re.compile(r"feed/"), {}, FeedConsumer.as_asgi())]
