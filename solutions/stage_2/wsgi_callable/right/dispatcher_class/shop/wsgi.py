"""What a WSGI server is told to serve: `gunicorn shop.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from shop.mounting import Dispatcher, Says

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
django_application = get_wsgi_application()

# A property that imports: without it, the first visitor would.
get_resolver().url_patterns  # noqa: B018

application = Dispatcher({"/shop": django_application, "/healthz": Says("200 OK")}, otherwise=Says("404 Not Found"))
