"""One person, one conversation, whatever they are called today."""

from __future__ import annotations

import json
from typing import Any

import pytest

from messaging.ledger import balance
from messaging.models import (
    Channel,
    Connection,
    Contact,
    ContactIdentity,
    ContactMerge,
    Conversation,
    InboundItem,
    MergeSuggestion,
    Message,
)
from tests import factories
from tests.messaging import bodies
from tests.messaging.bodies import SOME_TIME
from tests.messaging.conftest import at_once, deliver, drain_all

pytestmark = pytest.mark.django_db

PHONE, NEW_PHONE = "351910000042", "351910000099"
BSUID, NEW_BSUID = "PT.1old", "PT.2new"


def wrote(wamid: str, *, phone: str = "", bsuid: str = "", at: int = 0) -> Any:
    """A text under whichever ids there are."""
    raw = bodies.text(wamid, sender=phone or PHONE, at=SOME_TIME + at)
    ids = {"from": phone, "from_user_id": bsuid}
    return {k: v for k, v in raw.items() if k != "from"} | {k: v for k, v in ids.items() if v}


def said(*messages: Any) -> bytes:
    """A delivery without a list of contacts."""
    return change("messages", {"messages": list(messages)})


def change(field: str, value: Any) -> bytes:
    metadata = {"display_phone_number": "351210000001", "phone_number_id": bodies.NUMBER_ID}
    changes = [{"field": field, "value": {"metadata": metadata, **value}}]
    return json.dumps({"entry": [{"id": "1", "changes": changes}]}).encode()


def rotated(*, phone: str = "", at: int = 100) -> bytes:
    """The platform's word that one business-scoped id became another."""
    news = {"user_id": {"previous": BSUID, "current": NEW_BSUID}, "timestamp": str(SOME_TIME + at)}
    return change(
        "user_id_update", {"user_id_update": [news | ({"wa_id": phone} if phone else {})]}
    )


def moved(wamid: str = "wamid.moved", *, at: int = 100) -> Any:
    """The platform's word that one number became another."""
    system = {"type": "user_changed_number", "wa_id": NEW_PHONE, "body": "Carla changed number"}
    return wrote(wamid, phone=PHONE, at=at) | {"type": "system", "system": system}


def drained(connection: Connection, *contents: bytes) -> None:
    deliver(connection, *contents)
    drain_all(connection)
    assert balance().balanced


def people() -> list[set[str]]:
    """The ids in use, by contact that is not a part of another."""
    roots = Contact.objects.filter(merged_into=None).order_by("pk")
    return [
        set(root.identities.filter(retired_at=None).values_list("value", flat=True))
        for root in roots
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5541988887777", "554188887777"),
        ("5215512345678", "525512345678"),
        ("5491123456789", "541123456789"),
    ],
)
def test_two_spellings_of_a_number_are_one_person(
    connection: Connection, one: str, other: str
) -> None:
    drained(connection, said(wrote("wamid.1", phone=one)))
    drained(connection, said(wrote("wamid.2", phone=other)))
    assert Conversation.objects.count() == 1
    assert ContactIdentity.objects.get().value == one


def test_what_is_learned_is_attached(connection: Connection) -> None:
    drained(connection, said(wrote("wamid.1", phone=PHONE)))
    drained(connection, said(wrote("wamid.2", phone=PHONE, bsuid=BSUID)))
    drained(connection, said(wrote("wamid.3", bsuid=BSUID)))
    assert people() == [{PHONE, BSUID}]
    assert Conversation.objects.get().messages.count() == 3


def test_two_people_under_one_message_are_only_suggested(connection: Connection) -> None:
    drained(connection, said(wrote("wamid.1", phone=PHONE), wrote("wamid.2", bsuid=BSUID)))
    drained(connection, said(wrote("wamid.3", phone=PHONE, bsuid=BSUID)))
    assert people() == [{PHONE}, {BSUID}]
    suggestion = MergeSuggestion.objects.get()
    assert suggestion.contact_id < suggestion.other_id
    assert Message.objects.get(provider_id="wamid.3").conversation.messages.count() == 2


@pytest.mark.parametrize("order", ["news first", "message first"])
def test_a_rotated_id_keeps_one_history(connection: Connection, order: str) -> None:
    drained(connection, said(wrote("wamid.1", phone=PHONE, bsuid=BSUID)))
    steps = [rotated(phone=PHONE), said(wrote("wamid.2", bsuid=NEW_BSUID, at=200))]
    drained(connection, *(steps if order == "news first" else reversed(steps)))
    assert people() == [{PHONE, NEW_BSUID}]
    drained(connection, said(wrote("wamid.3", bsuid=NEW_BSUID, at=300)))
    last = Message.objects.get(provider_id="wamid.3").conversation
    first = Message.objects.get(provider_id="wamid.1").conversation
    assert first == last


def test_a_rotation_without_phone_stops_its_use(connection: Connection) -> None:
    drained(connection, said(wrote("wamid.1", phone=PHONE, bsuid=BSUID)), rotated())
    assert people() == [{NEW_BSUID}]
    assert ContactIdentity.objects.filter(retired_at__isnull=False).count() == 2


def test_a_new_number_keeps_the_conversation_and_says_so(connection: Connection) -> None:
    drained(connection, said(wrote("wamid.1", phone=PHONE)), said(moved()))
    drained(connection, said(wrote("wamid.2", phone=NEW_PHONE, at=200)))
    conversation = Conversation.objects.get()
    kinds = conversation.messages.order_by("sort_at").values_list("kind", flat=True)
    assert list(kinds) == ["text", "system", "text"]
    assert people() == [{NEW_PHONE}]
    assert conversation.inbound_count == 2


def test_who_gets_the_old_number_is_somebody_else(connection: Connection) -> None:
    drained(connection, said(wrote("wamid.1", phone=PHONE)), said(moved()))
    drained(connection, said(wrote("wamid.2", phone=PHONE, at=900)))
    assert people() == [{NEW_PHONE}, {PHONE}]
    drained(connection, said(wrote("wamid.late", phone=PHONE, at=50)))
    assert people() == [{NEW_PHONE}, {PHONE}]


def test_a_late_message_from_the_old_number_finds_its_writer(connection: Connection) -> None:
    drained(connection, said(wrote("wamid.1", phone=PHONE)), said(moved()))
    drained(connection, said(wrote("wamid.late", phone=PHONE, at=50)))
    assert Conversation.objects.count() == 1


def test_two_known_numbers_are_merged_by_the_word_of_the_platform(connection: Connection) -> None:
    drained(connection, said(wrote("wamid.1", phone=PHONE), wrote("wamid.2", phone=NEW_PHONE)))
    drained(connection, said(moved()))
    merge = ContactMerge.objects.get()
    assert Message.objects.get(provider_id="wamid.1").conversation.contact_id == merge.target_id
    assert people() == [{NEW_PHONE}]
    drained(connection, said(wrote("wamid.3", phone=NEW_PHONE, at=300)))
    assert Message.objects.get(provider_id="wamid.3").conversation.contact_id == merge.target_id


def test_an_asked_for_number_is_attached_or_suggested(connection: Connection) -> None:
    card = {"origin": "contact_request", "phones": [{"wa_id": PHONE, "phone": "+351 910"}]}
    share = wrote("wamid.2", bsuid=BSUID) | {"type": "contacts", "contacts": [card]}
    drained(connection, said(wrote("wamid.1", bsuid=BSUID)), said(share))
    assert people() == [{BSUID, PHONE}]
    other = wrote("wamid.4", bsuid="PT.9other") | {"type": "contacts", "contacts": [card]}
    drained(connection, said(other))
    assert people() == [{BSUID, PHONE}, {"PT.9other"}]
    assert MergeSuggestion.objects.count() == 1


def test_a_rotation_of_nobody_we_know_is_remembered_once(connection: Connection) -> None:
    drained(connection, rotated(), rotated())
    outcomes = InboundItem.objects.order_by("pk").values_list("outcome", flat=True)
    assert (list(outcomes), people()) == (["applied", "duplicate"], [{NEW_BSUID}])


def wish(value: str, *, at: int) -> bytes:
    entry = {"wa_id": PHONE, "category": "marketing_messages", "value": value}
    return change("user_preferences", {"user_preferences": [entry | {"timestamp": SOME_TIME + at}]})


def test_the_newest_wish_counts_in_any_order(connection: Connection) -> None:
    drained(connection, said(wrote("wamid.1", phone=PHONE)), wish("stop", at=1))
    assert Contact.objects.get().opted_out_at is not None
    drained(connection, wish("resume", at=5), wish("stop", at=3))
    assert Contact.objects.get().opted_out_at is None


def test_the_address_book_names_the_nameless(connection: Connection) -> None:
    book = {"contact": {"full_name": "Carla M.", "phone_number": PHONE}, "action": "add"}
    drained(connection, said(wrote("wamid.1", phone=PHONE)))
    drained(connection, change("smb_app_state_sync", {"state_sync": [book]}))
    assert Contact.objects.get().name == "Carla M."
    removed = {"contact": {"phone_number": PHONE}, "action": "remove"}
    drained(connection, change("smb_app_state_sync", {"state_sync": [removed]}))
    assert Contact.objects.get().name == "Carla M."


def test_news_of_a_number_reaches_its_channel(connection: Connection) -> None:
    drained(connection, said(wrote("wamid.1", phone=PHONE)))
    upgrade = {"event": "THROUGHPUT_UPGRADE", "display_phone_number": "+351 210 000 001"}
    drained(connection, change("phone_number_quality_update", upgrade))
    drained(
        connection,
        change("business_capability_update", {"max_daily_conversations_per_business": 2000}),
    )
    channel = Channel.objects.get(connection=connection)
    assert (channel.throughput, channel.messaging_limit) == (1000, "2000")


def test_an_asked_for_number_does_not_take_the_senders_own_away(connection: Connection) -> None:
    card = {"origin": "contact_request", "phones": [{"wa_id": NEW_PHONE}]}
    share = wrote("wamid.2", phone=PHONE) | {"type": "contacts", "contacts": [card]}
    drained(connection, said(wrote("wamid.1", phone=PHONE)), said(share))
    drained(connection, said(wrote("wamid.3", phone=PHONE, at=300)))
    assert people() == [{PHONE, NEW_PHONE}]
    assert Conversation.objects.count() == 1


def test_a_rotation_may_come_before_its_owner(connection: Connection) -> None:
    drained(connection, rotated())
    drained(connection, said(wrote("wamid.late", bsuid=BSUID, at=50)))
    drained(connection, said(wrote("wamid.new", bsuid=NEW_BSUID, at=200)))
    assert people() == [{NEW_BSUID}]
    assert Conversation.objects.count() == 1


def test_each_message_is_judged_by_its_own_time(connection: Connection) -> None:
    drained(connection, said(wrote("wamid.1", phone=PHONE)), said(moved()))
    before, after = wrote("wamid.2", phone=PHONE, at=50), wrote("wamid.3", phone=PHONE, at=900)
    drained(connection, said(before, after))
    first = Message.objects.get(provider_id="wamid.1").conversation
    assert Message.objects.get(provider_id="wamid.2").conversation == first
    assert Message.objects.get(provider_id="wamid.3").conversation != first


def test_a_late_message_does_not_give_an_old_number_back(connection: Connection) -> None:
    drained(connection, said(wrote("wamid.1", phone=PHONE, bsuid=BSUID)), said(moved()))
    drained(connection, said(wrote("wamid.late", phone=PHONE, bsuid=BSUID, at=50)))
    assert people() == [{NEW_PHONE, BSUID}]


def test_two_changes_in_one_second_are_one_person(connection: Connection) -> None:
    system = {"type": "user_changed_user_id", "user_id": NEW_BSUID, "wa_id": NEW_PHONE}
    second = wrote("wamid.m2", phone=PHONE, at=100) | {"type": "system", "system": system}
    drained(connection, said(wrote("wamid.1", phone=PHONE)), said(moved()))
    drained(connection, said(second))
    assert people() == [{NEW_PHONE, NEW_BSUID}]
    assert Conversation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_connections_that_meet_the_same_people_make_them_once(connection: Connection) -> None:
    other: Connection = factories.ConnectionFactory(
        organization=connection.organization, slug="other"
    )
    for place, each in enumerate((connection, other)):
        many = [
            wrote(f"wamid.{place}.{n}", phone=f"3519200{n:05}", bsuid=f"PT.{place}x{n}")
            for n in range(60)
        ]
        order = many if place else many[::-1]
        deliver(each, *(said(message) for message in order))
    at_once(lambda: drain_all(connection), lambda: drain_all(other))
    assert Contact.objects.count() == 60
    assert not MergeSuggestion.objects.exists()
    assert Conversation.objects.count() == 120
