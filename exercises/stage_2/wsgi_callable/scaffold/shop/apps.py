"""Opens the ledger as soon as Django is set up."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """The shop as a Django app."""

    name = "shop"

    def ready(self) -> None:
        """From now on each request's beginning and end is told."""
        from shop import ledger

        ledger.install()
