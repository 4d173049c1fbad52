from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import islice
from json import dumps
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from inbox.models import ReadMark
from messaging.models import Label, Membership, Organization, Team, User
from messaging.setting_up import add_member
from messaging.simulator import demo
from messaging.stocking import filling, plan
from messaging.stocking.plan import Casts, Story

TEAMS = ("Front of house", "Kitchen", "Deliveries", "Invoices", "Weddings")
LABELS = ("Custom cakes", "Hotels and cafés", "Allergy: nuts", "Weddings", "Complaint", "Invoice")
AGENTS = 20
BATCH = 5_000
# The share of an agent's conversations in which they have not read the newest messages.
UNREAD_SHARE = 0.05


class Command(BaseCommand):
    help = "Give the demo's organisation years of conversations, by COPY, for measuring."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--conversations", type=int, default=100_000)
        parser.add_argument("--messages", type=int, default=5_000_000)
        parser.add_argument("--json", action="store_true")

    def handle(
        self, *_args: Any, conversations: int, messages: int, json: bool, **_options: Any
    ) -> None:
        if not settings.DEMO:
            raise CommandError("seed_history makes up customers: only with DEMO=true.")
        call_command("seed_demo", stdout=self.stdout if not json else None)
        organization = Organization.objects.get(slug=demo.SLUG)
        casts, now = _casts(organization), timezone.now()
        try:
            stories = plan.stories(conversations, messages, casts, now)
        except ValueError as error:
            raise CommandError(str(error)) from error
        ids = filling.fill(stories, casts, now)
        _mark_read(stories, ids)
        made = {"conversations": conversations, "messages": messages, "first": ids[0]}
        self.stdout.write(dumps(made) if json else f"{messages} messages were made up.")


def _casts(organization: Organization) -> Casts:
    for number in range(AGENTS - Membership.objects.filter(organization=organization).count()):
        email = f"agent{number}@example.com"
        user, _ = User.objects.get_or_create(email=email, defaults={"name": f"Agent {number}"})
        add_member(organization, user)
    for name in TEAMS:
        Team.objects.get_or_create(organization=organization, name=name)
    for tint, name in enumerate(LABELS, start=1):
        Label.objects.get_or_create(organization=organization, name=name, defaults={"tint": tint})
    return Casts(
        organization=organization.pk,
        channels=_ids(organization.channels),
        agents=list(organization.memberships.order_by("user").values_list("user", flat=True)),
        teams=_ids(organization.teams),
        labels=_ids(organization.labels),
    )


def _ids(rows: Any) -> list[int]:  # any of the organisation's related managers
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _mark_read(stories: Sequence[Story], conversations: range) -> None:
    """Everybody has read nearly all of what is theirs."""
    marks = _marks(stories, conversations)
    while batch := list(islice(marks, BATCH)):
        ReadMark.objects.bulk_create(batch)


def _marks(stories: Sequence[Story], conversations: range) -> Iterator[ReadMark]:
    dice = random.Random(1)  # noqa: S311 - repeatable, not secret
    for story in stories:
        if story.assignee is None:
            continue
        behind = dice.randint(1, 3) if dice.random() < UNREAD_SHARE else 0
        yield ReadMark(
            user_id=story.assignee,
            conversation_id=conversations[story.place],
            seq=max(story.messages - 2 * behind, 0),
            inbound_count=max(filling.inbound_count(story) - behind, 0),
        )
