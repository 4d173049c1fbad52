from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """By what a database is known after a dump was loaded into the same cluster."""

    dependencies = [("outbound", "0009_read_notice")]

    operations = [
        migrations.AddField(
            model_name="incarnation",
            name="table_oid",
            field=models.BigIntegerField(default=0, db_default=0),
        ),
    ]
