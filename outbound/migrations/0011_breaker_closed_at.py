from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """When a breaker last let messages pass again."""

    dependencies = [("outbound", "0010_incarnation_table")]

    operations = [
        migrations.AddField(
            model_name="breaker",
            name="closed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
