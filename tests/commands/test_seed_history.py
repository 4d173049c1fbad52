"""A made-up past is as consistent as a real one."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, F, Q

from inbox.models import ReadMark
from messaging.models import Conversation, Direction, Message, Organization
from messaging.simulator import demo

pytestmark = pytest.mark.django_db


@pytest.fixture
def past(settings) -> Organization:
    settings.DEMO = True
    call_command("seed_history", conversations=40, messages=900, json=True)
    return Organization.objects.get(slug=demo.SLUG)


def test_every_count_is_that_of_the_rows(past):
    rows = Conversation.objects.annotate(
        total=Count("messages"), heard=Count("messages", Q(messages__direction=Direction.IN))
    )
    assert rows.count() == 40
    assert Message.objects.count() == 900
    assert not rows.exclude(head_seq=F("total"), inbound_count=F("heard")).exists()
    assert ReadMark.objects.filter(seq__gt=0).exists()


def test_the_newest_message_is_the_last_one(past):
    for conversation in Conversation.objects.select_related("last_message"):
        newest = conversation.messages.order_by("-sort_at", "-seq").first()
        assert conversation.last_message == newest
        assert (newest.direction == Direction.IN) >= (conversation.waiting_since is not None)


def test_each_conversation_has_a_number_of_its_own(past):
    numbers = Conversation.objects.values_list("changed_seq", flat=True)
    assert sorted(numbers) == list(range(1, 41))
    assert past.counter.head_seq == 40


def test_only_a_demo_gets_a_past(settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO=true"):
        call_command("seed_history", conversations=1, messages=1)


def test_fewer_messages_than_conversations_are_refused(settings):
    settings.DEMO = True
    with pytest.raises(CommandError, match="a message for each"):
        call_command("seed_history", conversations=10, messages=9)
