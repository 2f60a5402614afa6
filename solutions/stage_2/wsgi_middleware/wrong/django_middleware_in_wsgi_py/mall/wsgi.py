"""What gunicorn is told to serve: `gunicorn mall.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

from mall.ledger import AccessLedger
from mall.maintenance import MaintenanceGate
from mall.tenants import TenantMiddleware

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mall.settings")

# The ledger is outermost: what the gate refuses is an answer too.
application = AccessLedger(MaintenanceGate(TenantMiddleware(get_wsgi_application())))
