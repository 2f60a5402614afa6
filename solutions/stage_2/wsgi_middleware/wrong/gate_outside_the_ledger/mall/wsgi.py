"""What gunicorn is told to serve: `gunicorn mall.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

from mall.ledger import AccessLedger
from mall.maintenance import MaintenanceGate

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mall.settings")

application = MaintenanceGate(AccessLedger(get_wsgi_application()))
