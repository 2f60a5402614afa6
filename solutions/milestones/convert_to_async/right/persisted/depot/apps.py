"""The depot as an application of Django's: when it is ready, it takes up what was promised."""

import sys

from django.apps import AppConfig


class DepotConfig(AppConfig):
    name = "depot"

    def ready(self) -> None:
        """Take up the exports that an earlier process left; not for `manage.py`."""
        if "depot.asgi" in sys.modules:
            from depot import exports

            exports.resume()
