import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0006_reactions_out"),
    ]

    operations = [
        migrations.AddField(
            model_name="heartbeat",
            name="gap_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="duplicate_of",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="messaging.message",
            ),
        ),
        migrations.AddIndex(
            model_name="receipt",
            index=models.Index(
                condition=models.Q(
                    ("message__isnull", True), models.Q(("opaque", ""), _negated=True)
                ),
                fields=["opaque"],
                name="receipt_opaque",
            ),
        ),
    ]
