from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inbox", "0004_undo")]

    operations = [
        migrations.AddField(
            model_name="agentprofile",
            name="keys",
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="agentprofile",
            name="has_single_keys",
            field=models.BooleanField(db_default=True, default=True),
        ),
    ]
