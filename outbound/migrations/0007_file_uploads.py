from __future__ import annotations

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    """A provider's file is a row with a state and a due time, for whoever uploads it."""

    dependencies = [("messaging", "0005_sending"), ("outbound", "0006_review")]

    operations = [
        migrations.AddField(
            model_name="providerfile",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting to be uploaded"),
                    ("ready", "Uploaded"),
                    ("failed", "Given up"),
                ],
                db_default="waiting",
                default="waiting",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="providerfile",
            name="attempts",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="providerfile",
            name="due_at",
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AddField(
            model_name="providerfile",
            name="claim_token",
            field=models.UUIDField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="providerfile",
            name="was_renewed",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="providerfile",
            name="error_code",
            field=models.CharField(blank=True, db_default="", max_length=20),
        ),
        migrations.AddField(
            model_name="providerfile",
            name="error_title",
            field=models.TextField(blank=True, db_default=""),
        ),
        migrations.AlterField(
            model_name="providerfile",
            name="provider_id",
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AlterField(
            model_name="providerfile",
            name="expires_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name="providerfile",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["due_at"],
                name="provider_file_due",
            ),
        ),
    ]
