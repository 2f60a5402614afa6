"""Given: four customers and twelve orders to look at."""

from django.db import migrations

ORDERS = {
    "Lindgren & Co": [("copper wire", 410), ("steel bolts", 95), ("steel sheet", 720)],
    "Okafor Metals": [("tin ingots", 1300), ("copper pipe", 260)],
    "Sato Trading": [("nickel rods", 880), ("Steel cable", 340), ("zinc dust", 75), ("copper foil", 150)],
    "Vega Foundry": [("pig iron", 2100), ("lead shot", 60), ("stainless steel tube", 515)],
}


def add_rows(apps, schema_editor):
    Customer = apps.get_model("desk", "Customer")
    Order = apps.get_model("desk", "Order")
    for name, orders in ORDERS.items():
        customer = Customer.objects.create(name=name)
        Order.objects.bulk_create(Order(customer=customer, item=item, amount=amount) for item, amount in orders)


def remove_rows(apps, schema_editor):
    apps.get_model("desk", "Customer").objects.filter(name__in=ORDERS).delete()


class Migration(migrations.Migration):
    dependencies = [("desk", "0001_tables")]

    operations = [migrations.RunPython(add_rows, remove_rows)]
