"""The same shop at the Basel fair. Its deployment says DJANGO_SETTINGS_MODULE=shop.settings_fair."""

from shop.settings import *  # noqa: F403

ROOT_URLCONF = "shop.urls_fair"
CURRENCY = "CHF"
