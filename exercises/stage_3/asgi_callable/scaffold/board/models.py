"""Given: what the feed tells. No table is needed here: departures are shown, and not kept."""

from django.db import models


class Departure(models.Model):
    """The next train at a station."""

    station = models.CharField(max_length=50)
    text = models.CharField(max_length=200)
