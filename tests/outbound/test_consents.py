"""Who allows what: the newest word of the whole person, by the organisation's policy."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from messaging import merging
from messaging.models import Contact, Conversation, Message, ProviderNotice
from messaging.receipts import sweep_parked
from outbound import consent_news, consents
from outbound.consents import Statement, Wanted
from outbound.models import Consent, ConsentAction, SendingPolicy
from tests import factories
from tests.messaging import bodies
from tests.messaging.conftest import at_once, deliver, drain_all

pytestmark = pytest.mark.django_db
GRANTED, REVOKED = ConsentAction.GRANTED, ConsentAction.REVOKED


@pytest.fixture
def our_channel(channel):
    channel.external_id = bodies.NUMBER_ID
    channel.save()
    return channel


def say(contact: Contact, action: ConsentAction, *, minutes_ago: float = 0, **fields) -> None:
    at = timezone.now() - timedelta(minutes=minutes_ago)
    consents.write(action, Statement(contact=contact, source="counter", at=at, **fields))


def verdict(conversation: Conversation, message_class: str = "utility", **fields) -> str:
    fields.setdefault("is_template", True)
    return consents.allowed(
        Wanted(
            organization_id=conversation.organization_id,
            contact_id=conversation.contact_id,
            channel_id=conversation.channel_id,
            message_class=message_class,
            **fields,
        )
    )


def hear(connection, *texts: str, at: int = bodies.SOME_TIME) -> None:
    count = Message.objects.count()
    said = [
        bodies.text(f"wamid.c{count + place}", body=text, at=at + count + place)
        for place, text in enumerate(texts)
    ]
    deliver(connection, bodies.body(said))
    drain_all(connection)
    while consent_news.absorb():
        pass


FREE: dict[str, Any] = {"is_template": False, "message_class": "service"}


@pytest.mark.parametrize(
    ("policy", "wanting"),
    [
        ("every_message", {"free", "utility", "authentication", "marketing"}),
        ("templates", {"utility", "authentication", "marketing"}),
        ("marketing", {"marketing"}),
    ],
)
def test_the_policy_says_for_what_silence_is_not_enough(
    conversation, settings, policy, wanting
) -> None:
    settings.CONSENT_POLICY = "templates"
    SendingPolicy.objects.create(organization=conversation.organization, consent_policy=policy)
    found = {
        name for name in ("utility", "authentication", "marketing") if verdict(conversation, name)
    }
    assert found | ({"free"} if verdict(conversation, **FREE) else set()) == wanting
    assert verdict(conversation, **FREE, is_reply=True) == ""


def test_without_a_choice_the_installations_setting_counts(conversation, settings) -> None:
    for policy, expected in (("templates", "consent_missing"), ("marketing", "")):
        settings.CONSENT_POLICY = policy
        assert verdict(conversation) == expected


def test_the_newest_word_counts_in_whatever_order_it_is_noted(conversation, carla) -> None:
    say(carla, REVOKED, minutes_ago=1)
    say(carla, GRANTED, minutes_ago=5)
    assert verdict(conversation) == "consent_revoked"
    say(carla, GRANTED)
    assert verdict(conversation) == ""


def test_a_no_to_offers_leaves_other_messages_alone(conversation, carla, settings) -> None:
    say(carla, GRANTED, minutes_ago=2)
    say(carla, REVOKED, minutes_ago=1, scope="marketing")
    assert verdict(conversation, "marketing") == "consent_revoked"
    assert verdict(conversation, "utility") == ""


def test_a_no_stops_templates_whatever_the_policy_and_never_a_reply(
    conversation, carla, settings
) -> None:
    settings.CONSENT_POLICY = "marketing"
    say(carla, REVOKED)
    assert verdict(conversation, "utility") == "consent_revoked"
    assert verdict(conversation, **FREE) == "consent_revoked"
    assert verdict(conversation, **FREE, is_reply=True) == ""


def test_a_yes_to_one_channel_is_no_yes_to_another(conversation, carla) -> None:
    elsewhere = factories.ChannelFactory(connection=conversation.channel.connection)
    say(carla, GRANTED, channel_id=elsewhere.pk)
    assert verdict(conversation) == "consent_missing"
    say(carla, GRANTED, channel_id=conversation.channel_id)
    assert verdict(conversation) == ""


def test_a_merged_person_has_one_consent(conversation, carla, organization) -> None:
    other = factories.ContactFactory(organization=organization)
    say(other, REVOKED)
    assert verdict(conversation) == "consent_missing"
    merge = merging.merge_now(other.pk, carla.pk, reason="")
    assert verdict(conversation) == "consent_revoked"
    merging.undo(merge.pk, by=None)
    assert verdict(conversation) == "consent_missing"


def test_contacts_opted_out_at_follows_the_ledger(carla) -> None:
    for action, is_out in ((REVOKED, True), (GRANTED, False)):
        say(carla, action)
        carla.refresh_from_db()
        assert (carla.opted_out_at is not None) is is_out


def test_stop_is_heard_with_its_proof_and_start_takes_it_back(connection, our_channel) -> None:
    hear(connection, "Stop!")
    line = Consent.objects.get()
    assert (line.action, line.scope, line.source) == ("revoked", "all", "stop_word")
    assert (line.proof, line.message.provider_id) == ("Stop!", "wamid.c0")
    conversation = Conversation.objects.get()
    assert verdict(conversation) == "consent_revoked"
    hear(connection, "start")
    assert verdict(conversation) == ""


def test_start_alone_is_an_ordinary_word(connection, our_channel) -> None:
    hear(connection, "Start", "Please stop by")
    assert not Consent.objects.exists()
    assert not ProviderNotice.objects.filter(handled_at__isnull=True).exists()


def test_each_message_is_heard_once(connection, our_channel) -> None:
    hear(connection, "STOP")
    deliver(connection, bodies.body([bodies.text("wamid.c0", body="STOP")]))
    drain_all(connection)
    ProviderNotice.objects.update(handled_at=None)
    consent_news.absorb()
    assert Consent.objects.count() == 1


@pytest.mark.parametrize("is_parked", [False, True])
def test_131050_in_a_status_stops_offers(connection, our_channel, conversation, is_parked) -> None:
    ours = factories.MessageFactory(
        conversation=conversation, direction="out", provider_id="wamid.ours", status="accepted"
    )
    error = {"code": 131050, "title": "User has stopped marketing messages"}
    status = bodies.status("wamid.ours", "failed", errors=[error])
    if is_parked:
        Message.objects.filter(pk=ours.pk).update(provider_id=None)
    deliver(connection, bodies.body(statuses=[status]))
    drain_all(connection)
    if is_parked:
        Message.objects.filter(pk=ours.pk).update(provider_id="wamid.ours")
        sweep_parked()
    consent_news.absorb()
    line = Consent.objects.get()
    assert (line.scope, line.action, line.proof) == ("marketing", "revoked", "131050")
    say(conversation.contact, GRANTED, minutes_ago=60)
    assert verdict(conversation, "marketing") == "consent_revoked"
    assert verdict(conversation, "utility") == ""


def preference(connection, value: str, at: int) -> None:
    entry = {"wa_id": "351910000042", "category": "marketing_messages", "value": value}
    content = json.dumps(
        {
            "entry": [
                {
                    "id": "1",
                    "changes": [
                        {
                            "field": "user_preferences",
                            "value": {"user_preferences": [{**entry, "timestamp": at}]},
                        }
                    ],
                }
            ]
        }
    ).encode()
    deliver(connection, content)
    drain_all(connection)


def test_what_somebody_chose_in_whatsapp_counts_at_once_and_is_kept(
    connection, conversation, carla
) -> None:
    say(carla, GRANTED, minutes_ago=60 * 24 * 3000)
    preference(connection, "stop", bodies.SOME_TIME)
    assert verdict(conversation, "marketing") == "consent_revoked", "before any sweep"
    consent_news.absorb()
    preference(connection, "resume", bodies.SOME_TIME + 60)
    consent_news.absorb()
    lines = Consent.objects.filter(source="whatsapp").order_by("at")
    assert list(lines.values_list("action", flat=True)) == ["revoked", "granted"]
    assert verdict(conversation, "marketing") == ""


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_hear_a_word_once(connection, our_channel, conversation) -> None:
    deliver(connection, bodies.body([bodies.text("wamid.1", body="stop")]))
    drain_all(connection)
    at_once(*[consent_news.absorb] * 3)
    assert Consent.objects.count() == 1


def test_of_a_wide_and_a_narrow_word_the_newer_counts(conversation, carla) -> None:
    here = {"channel_id": conversation.channel_id}
    say(carla, REVOKED, minutes_ago=4, scope="marketing")
    say(carla, GRANTED, minutes_ago=3)
    assert verdict(conversation, "marketing") == ""
    say(carla, REVOKED, minutes_ago=2, **here)
    assert verdict(conversation) == "consent_revoked"
    say(carla, GRANTED, minutes_ago=1)
    assert verdict(conversation) == ""
