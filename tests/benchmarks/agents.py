"""Logged-in agents: `python -m tests.benchmarks.agents 100` makes them and prints the keys of
their sessions; `… agents alice@example.com` prints one of somebody who is there.
"""

from __future__ import annotations

import json
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from messaging.models import Organization, User
from messaging.setting_up import add_member
from messaging.simulator import demo

# ruff: noqa: E402 - Django is set up before its models are imported


def log_in(organization: Organization, number: int) -> str:
    """A new member of the organisation; the key of a session of theirs."""
    user = User.objects.create(email=f"agent-{number}@example.com", name=f"Agent {number}")
    user.set_unusable_password()
    user.save(update_fields=["password"])
    add_member(organization, user)
    return session_of(user)


def session_of(user: User) -> str:
    """The key of a session of theirs."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    assert session.session_key is not None
    return session.session_key


if __name__ == "__main__":
    wanted = sys.argv[1]
    if "@" in wanted:
        keys = [session_of(User.objects.get(email=wanted))]
    else:
        house = Organization.objects.get(slug=demo.SLUG)
        keys = [log_in(house, number) for number in range(int(wanted))]
    sys.stdout.write(json.dumps(keys))
