"""Makes every database connection a slow one, as soon as Django is set up."""

from django.apps import AppConfig


class DepotConfig(AppConfig):
    """The depot as a Django app."""

    name = "depot"

    def ready(self) -> None:
        """Connections that open from now on know the SQL function `slow`."""
        from depot import slow_database

        slow_database.install()
