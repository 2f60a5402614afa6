"""A note for each order."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("desk", "0002_row")]

    operations = [migrations.AddField("order", "note", models.TextField(default=""))]
