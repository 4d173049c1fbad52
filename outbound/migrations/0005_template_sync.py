from __future__ import annotations

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

# What was told of as unfit stays so.
SINCE = """
UPDATE outbound_messagetemplate SET status_changed_at = updated_at
WHERE status IN ('PAUSED', 'REJECTED', 'DISABLED')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0005_sending"),
        ("outbound", "0004_lane_owners"),
    ]

    operations = [
        migrations.CreateModel(
            name="TemplateSync",
            fields=[
                (
                    "connection",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="template_sync",
                        serialize=False,
                        to="messaging.connection",
                    ),
                ),
                ("asked_at", models.DateTimeField(blank=True, null=True)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
                ("synced_at", models.DateTimeField(blank=True, null=True)),
                (
                    "retry_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("template_count", models.PositiveIntegerField(db_default=0, default=0)),
                ("failures", models.PositiveIntegerField(db_default=0, default=0)),
                ("error_code", models.CharField(blank=True, db_default="", max_length=20)),
                ("error_title", models.TextField(blank=True, db_default="")),
            ],
        ),
        migrations.AddField(
            model_name="messagetemplate",
            name="category_changed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="messagetemplate",
            name="coming_category",
            field=models.CharField(blank=True, db_default="", max_length=40),
        ),
        migrations.AddField(
            model_name="messagetemplate",
            name="former_category",
            field=models.CharField(blank=True, db_default="", max_length=40),
        ),
        migrations.AddField(
            model_name="messagetemplate",
            name="status_changed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunSQL(SINCE, migrations.RunSQL.noop),
    ]
