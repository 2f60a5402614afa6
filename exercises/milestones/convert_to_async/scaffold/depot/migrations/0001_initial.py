"""Given: the table of parts, a few of them, and a clerk."""

from django.contrib.auth.hashers import make_password
from django.db import migrations, models

PARTS = {"gasket": 40, "bearing": 12, "valve": 7, "flange": 23}


def fill(apps, schema_editor):
    """Put in what every depot has."""
    part = apps.get_model("depot", "Part")
    for name, stock in PARTS.items():
        part.objects.create(name=name, stock=stock)
    apps.get_model("auth", "User").objects.create(username="clerk", password=make_password("parts"))


class Migration(migrations.Migration):
    initial = True
    dependencies = [("auth", "0012_alter_user_first_name_max_length")]
    operations = [
        migrations.CreateModel(
            name="Part",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                ("stock", models.PositiveIntegerField()),
            ],
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
