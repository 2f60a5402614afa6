"""Given: what lies in the depot."""

from django.db import models


class Part(models.Model):
    """One kind of part."""

    name = models.CharField(max_length=100)
    stock = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.name
