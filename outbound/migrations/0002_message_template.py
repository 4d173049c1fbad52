import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0002_kinds_media_identities'),
        ('outbound', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='MessageTemplate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider_id', models.CharField(max_length=64)),
                ('name', models.CharField(blank=True, db_default='', max_length=512)),
                ('language', models.CharField(blank=True, db_default='', max_length=20)),
                ('category', models.CharField(blank=True, db_default='', max_length=40)),
                ('status', models.CharField(blank=True, db_default='', max_length=40)),
                ('quality', models.CharField(blank=True, db_default='', max_length=20)),
                ('reason', models.TextField(blank=True, db_default='')),
                ('components', models.JSONField(blank=True, default=list)),
                ('is_stale', models.BooleanField(default=True)),
                ('updated_at', models.DateTimeField()),
                ('connection', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='templates', to='messaging.connection')),
            ],
            options={
                'indexes': [models.Index(fields=['connection', 'name', 'language'], name='message_template_name')],
                'constraints': [models.UniqueConstraint(fields=('connection', 'provider_id'), name='message_template_unique')],
            },
        ),
    ]
