from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inbox", "0003_desk")]

    operations = [
        migrations.AddField(
            model_name="agentprofile",
            name="has_undo",
            field=models.BooleanField(default=True, db_default=True),
        ),
    ]
