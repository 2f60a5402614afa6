"""The shop's one table. A model can only be imported when Django is set up."""

from django.db import models


class Order(models.Model):
    """Somebody wants something."""

    article = models.CharField(max_length=80)
