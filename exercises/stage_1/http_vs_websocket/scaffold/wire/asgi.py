"""Your work, part B: the site for ASGI servers. So far it is Django alone, which knows no WebSocket."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wire.settings")

application = get_asgi_application()
