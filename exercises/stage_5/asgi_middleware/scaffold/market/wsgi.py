"""Given: the market under WSGI. What is in settings.MIDDLEWARE is all that stands around its pages."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "market.settings")
application = get_wsgi_application()
