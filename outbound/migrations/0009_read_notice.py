from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """How far customers were told that we read."""

    dependencies = [("messaging", "0005_sending"), ("outbound", "0008_limits")]

    operations = [
        migrations.CreateModel(
            name="ReadNotice",
            fields=[
                (
                    "conversation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="messaging.conversation",
                    ),
                ),
                ("message_number", models.BigIntegerField(db_default=0, default=0)),
                ("typing_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
    ]
