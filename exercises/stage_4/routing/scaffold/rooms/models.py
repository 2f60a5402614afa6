"""Given: what is said in a room."""

from django.db import models


class Entry(models.Model):
    """One thing that was said."""

    text = models.TextField()

    def __str__(self):
        return self.text
