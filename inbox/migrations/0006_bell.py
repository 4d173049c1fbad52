from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inbox", "0005_keys")]

    operations = [
        migrations.AddField(
            model_name="agentprofile",
            name="rings_for",
            field=models.CharField(
                choices=[
                    ("mine", "In conversations assigned to me"),
                    ("unassigned", "In mine and in unassigned ones"),
                    ("none", "Never"),
                ],
                db_default="unassigned",
                default="unassigned",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="agentprofile",
            name="shows_words",
            field=models.BooleanField(db_default=True, default=True),
        ),
    ]
