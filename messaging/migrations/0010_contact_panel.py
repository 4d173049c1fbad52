from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("messaging", "0009_triage")]

    operations = [
        AddIndexConcurrently(
            "contact",
            models.Index(
                models.F("organization"),
                models.Case(
                    models.When(name="", then=1), default=0, output_field=models.IntegerField()
                ),
                Lower("name"),
                models.F("id"),
                condition=models.Q(merged_into__isnull=True),
                name="contact_by_name",
            ),
        ),
        AddIndexConcurrently(
            "message",
            models.Index(
                fields=["conversation", "-sort_at", "-id"],
                condition=models.Q(kind__in=["note", "event"]),
                name="message_notes",
            ),
        ),
        AddIndexConcurrently(
            "message",
            models.Index(
                fields=["conversation", "author", "-sort_at"],
                condition=models.Q(direction="out", author__isnull=False),
                name="message_answers",
            ),
        ),
        AddIndexConcurrently(
            "message",
            models.Index(
                fields=["conversation", "-sort_at", "-id"],
                condition=models.Q(kind__in=["image", "video", "document"]),
                name="message_files",
            ),
        ),
    ]
