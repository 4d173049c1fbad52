from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0007_evidence"),
        ("outbound", "0005_template_sync"),
    ]

    operations = [
        migrations.AddField(
            model_name="outboxentry",
            name="sent_twice_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name="outboxentry",
            index=models.Index(
                condition=models.Q(("state", "needs_review")),
                fields=["conversation"],
                name="outbox_entry_review",
            ),
        ),
        migrations.AddIndex(
            model_name="outboxentry",
            index=models.Index(
                condition=models.Q(("sent_twice_at__isnull", False)),
                fields=["sent_twice_at"],
                name="outbox_entry_sent_twice",
            ),
        ),
        migrations.AddIndex(
            model_name="sendattempt",
            index=models.Index(
                condition=models.Q(("state__in", ["resent", "resolved", "unknown"])),
                fields=["dispatched_at"],
                name="send_attempt_doubtful",
            ),
        ),
    ]
