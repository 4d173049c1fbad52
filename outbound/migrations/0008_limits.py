import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

# Updated for every batch that leaves: room on the page keeps the new version beside the old one.
FILLFACTOR = """
ALTER TABLE outbound_bucket SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE outbound_quota SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0007_evidence'),
        ('outbound', '0007_file_uploads'),
    ]

    operations = [
        migrations.CreateModel(
            name='Limiter',
            fields=[
                ('id', models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('backend', models.CharField(choices=[('redis', 'Redis'), ('postgres', 'Postgres')], default='redis', max_length=8)),
                ('since', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('retry_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('retry_seconds', models.FloatField(default=1)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='limiter_single')],
            },
        ),
        migrations.CreateModel(
            name='Bucket',
            fields=[
                ('channel', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='messaging.channel')),
                ('next_at', models.FloatField()),
                ('owed', models.FloatField(default=0)),
                ('factor', models.FloatField(default=1)),
                ('factor_at', models.FloatField()),
                ('cut_at', models.FloatField(default=0)),
                ('rate', models.FloatField()),
            ],
        ),
        migrations.CreateModel(
            name='Start',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('connection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='messaging.connection')),
                ('contact', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='messaging.contact')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('connection', 'contact'), name='start_unique')],
                'indexes': [models.Index(fields=['connection', 'at'], name='start_recent')],
            },
        ),
        migrations.AddField(
            model_name='lane',
            name='pair_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='outboxentry',
            name='waits_for',
            field=models.CharField(blank=True, db_default='', max_length=20),
        ),
        migrations.RunSQL(FILLFACTOR, migrations.RunSQL.noop),
    ]
