"""The Celery application: tasks carry ids, rows in Postgres carry the truth."""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import task_prerun, worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("inbox")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def forget_inherited_connections(**_: object) -> None:
    """A forked child must not talk on its parent's database connection."""
    from django.db import connections  # noqa: PLC0415 - Django is set up only by now

    connections.close_all()


@task_prerun.connect
def check_connection(**_: object) -> None:
    """A connection that died with its server is replaced before the task needs it."""
    from django.db import close_old_connections  # noqa: PLC0415 - as above

    close_old_connections()
