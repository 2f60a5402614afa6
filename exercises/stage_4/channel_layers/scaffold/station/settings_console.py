"""Your work, too. manage.py loads this file: somebody wanted a shell that needs no Valkey."""

from station.settings import *  # noqa: F403

CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
