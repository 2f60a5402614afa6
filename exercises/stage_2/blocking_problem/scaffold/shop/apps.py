"""Makes every database connection a slow one, as soon as Django is set up."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """The shop as a Django app."""

    name = "shop"

    def ready(self) -> None:
        """Connections that open from now on know the SQL function `slow`."""
        from shop import slow_database

        slow_database.install()
