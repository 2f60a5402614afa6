"""Given: who has ordered what."""

from django.db import models


class Customer(models.Model):
    """A firm that buys from the desk."""

    name = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.name


class Order(models.Model):
    """One order; `amount` is in whole euros."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="orders")
    item = models.CharField(max_length=100)
    amount = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.item
