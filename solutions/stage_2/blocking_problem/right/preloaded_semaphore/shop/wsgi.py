"""What gunicorn is told to serve: `gunicorn shop.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

application = get_wsgi_application()

# Django imports the URLs at the first request, which is after the fork: too late for what the processes share.
import shop.urls  # noqa: E402, F401
