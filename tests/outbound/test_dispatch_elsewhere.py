"""A message through Twilio, and one through WAHA: the whole path, from queue to webhook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from messaging.models import (
    Connection,
    Contact,
    Conversation,
    MediaState,
    Message,
    MessageStatus,
    ProviderKind,
)
from messaging.secrets import ConnectionSecrets
from outbound import consent_news
from outbound.dispatch import dispatch_due
from outbound.models import Consent, SendAttempt
from tests.factories import ChannelFactory, ConnectionFactory, ConversationFactory, MediaFactory
from tests.messaging.conftest import deliver, drain_all
from tests.outbound import elsewhere as fake
from tests.outbound.conftest import entry_of, open_window, write
from tests.outbound.elsewhere import FakeProvider

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


SID = "SM00000000000000000000000000000500"
ID = "true_351910000042@c.us_3EB0"


def conversation_at(
    elsewhere: FakeProvider, carla: Contact, kind: ProviderKind, address: str
) -> Conversation:
    connection = ConnectionFactory(
        organization=carla.organization,
        kind=kind,
        slug=kind.value,
        account_id="AC1",
        base_url=elsewhere.url,
        secrets=ConnectionSecrets(auth_token="token", api_key="key"),
    )
    channel = ChannelFactory(connection=connection, external_id=address)
    conversation: Conversation = ConversationFactory(channel=channel, contact=carla)
    return conversation


@pytest.fixture
def twilio(elsewhere: FakeProvider, carla: Contact) -> Conversation:
    found = conversation_at(elsewhere, carla, ProviderKind.TWILIO, "15550100999")
    open_window(found)
    return found


@pytest.fixture
def waha(elsewhere: FakeProvider, carla: Contact) -> Conversation:
    """Nobody wrote here for a long time."""
    found = conversation_at(elsewhere, carla, ProviderKind.WAHA, "default")
    open_window(found, hours=-48)
    return found


def hear(conversation: Conversation, body: bytes) -> None:
    connection = Connection.objects.get(pk=conversation.channel.connection_id)
    deliver(connection, body)
    drain_all(connection)


def told(message: Message) -> tuple[str, str | None, str]:
    message.refresh_from_db()
    return message.status, message.provider_id, message.error_code


def status(**fields: str) -> bytes:
    place = {"From": "whatsapp:+15550100999", "To": "whatsapp:+351910000042"}
    return urlencode({"MessageSid": SID, **place, **fields}).encode()


def event(name: str, **payload: Any) -> bytes:
    where = {"id": ID, "fromMe": True, "from": "351@c.us", "to": "351910000042@c.us"}
    document = {"event": name, "session": "default", "me": {"id": "351@c.us"}}
    return json.dumps({**document, "payload": {**where, **payload}}).encode()


def test_twilio_from_queue_to_read(
    twilio: Conversation, elsewhere: FakeProvider, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://inbox.example"
    elsewhere.next.append(fake.say(201, {"sid": SID, "status": "queued"}))
    message = write(twilio, "Good morning")
    assert dispatch_due(limit_seconds=5) == 1
    assert told(message) == ("accepted", SID, "")
    [asked] = elsewhere.asked
    assert asked.body == {
        "From": "whatsapp:+15550100999",
        "To": "whatsapp:+351910000042",
        "Body": "Good morning",
        "StatusCallback": "https://inbox.example/webhooks/twilio/twilio/",
    }
    hear(twilio, status(MessageStatus="read"))
    assert told(message)[0] == "read"


def test_twilio_tells_later_that_the_window_is_closed(
    twilio: Conversation, elsewhere: FakeProvider
) -> None:
    elsewhere.next.append(fake.say(201, {"sid": SID}))
    message = write(twilio, "Good morning")
    dispatch_due(limit_seconds=5)
    hear(twilio, status(MessageStatus="failed", ErrorCode="63016"))
    assert told(message) == ("failed", SID, "63016")


def test_twilio_refuses_by_its_own_code(twilio: Conversation, elsewhere: FakeProvider) -> None:
    elsewhere.next.append(fake.say(400, {"code": 21211, "message": "invalid", "status": 400}))
    message = write(twilio, "Good morning")
    dispatch_due(limit_seconds=5)
    assert told(message) == ("failed", None, "21211")
    assert entry_of(message).state == "failed"


def test_a_file_that_twilio_could_not_fetch_never_leaves_as_its_caption(
    twilio: Conversation, elsewhere: FakeProvider, settings: Any
) -> None:
    settings.PUBLIC_URL = ""
    message = write(twilio, "Look")
    Message.objects.filter(pk=message.pk).update(kind="image", content={"image": {"upload": 1}})
    dispatch_due(limit_seconds=5)
    assert (told(message)[2], elsewhere.asked) == ("file_missing", [])
    other = with_photo(write(twilio, "Look"))
    dispatch_due(limit_seconds=5)
    assert (told(other)[2], elsewhere.asked) == ("file_unreachable", [])


def test_waha_writes_long_after_the_customer_and_its_echo_is_no_second_bubble(
    waha: Conversation, elsewhere: FakeProvider
) -> None:
    elsewhere.next.append(fake.say(201, {"id": {"_serialized": ID}}))
    message = write(waha, "Good morning")
    assert dispatch_due(limit_seconds=5) == 1
    assert told(message) == ("accepted", ID, "")
    [asked] = elsewhere.asked
    call = {"session": "default", "chatId": "351910000042@c.us", "text": "Good morning"}
    assert (asked.path, asked.body) == ("/api/sendText", call)
    hear(waha, event("message.any", source="api", body="Good morning", ack=1))
    hear(waha, event("message.ack", ack=2))
    assert list(Message.objects.shown()) == [message]
    assert told(message)[0] == MessageStatus.DELIVERED


def test_a_waha_session_that_does_not_work_is_tried_again(
    waha: Conversation, elsewhere: FakeProvider
) -> None:
    said = {"error": "Session is not working", "status": "STARTING", "expected": ["WORKING"]}
    elsewhere.next.append(fake.say(422, said))
    message = write(waha, "Good morning")
    dispatch_due(limit_seconds=5)
    assert entry_of(message).state == "waiting"
    assert SendAttempt.objects.filter(entry__message=message).first().error_code == "422"


def test_an_engine_in_trouble_may_have_sent_it(waha: Conversation, elsewhere: FakeProvider) -> None:
    elsewhere.next.append(fake.say(500, {"statusCode": 500, "message": "engine"}))
    message = write(waha, "Good morning")
    dispatch_due(limit_seconds=5)
    assert entry_of(message).state == "confirming"
    assert len(elsewhere.asked) == 1


def test_waha_gets_the_bytes_of_a_file_where_there_is_no_address(
    waha: Conversation, elsewhere: FakeProvider, settings: Any
) -> None:
    settings.PUBLIC_URL = ""
    elsewhere.next.append(fake.say(201, {"id": ID}))
    message = with_photo(write(waha, "Look"))
    dispatch_due(limit_seconds=5)
    assert told(message)[0] == "accepted"
    [asked] = elsewhere.asked
    assert asked.body["file"] == {"mimetype": "image/png", "filename": "a.png", "data": "cG5n"}
    assert (asked.path, asked.body["caption"]) == ("/api/sendImage", "Look")


def with_photo(message: Message) -> Message:
    """As the reply use case attaches an upload."""
    Message.objects.filter(pk=message.pk).update(kind="image", content={"image": {"upload": 1}})
    MediaFactory(
        message=message,
        kind="image",
        state=MediaState.STORED,
        file=default_storage.save("test/a.png", ContentFile(b"png")),
        filename="a.png",
        stored_mime_type="image/png",
        size_bytes=3,
        stored_at=timezone.now(),
    )
    return message


def test_a_stop_that_only_twilio_knew_is_heard(twilio: Conversation) -> None:
    fields = {"SmsStatus": "received", "MessageType": "text", "Body": "Chega", "NumMedia": "0"}
    place = {"From": "whatsapp:+351910000042", "To": "whatsapp:+15550100999"}
    body = {"MessageSid": "SM2", "OptOutType": "STOP", **fields, **place}
    hear(twilio, urlencode(body).encode())
    consent_news.absorb()
    line = Consent.objects.get()
    assert (line.action, line.source, line.proof) == ("revoked", "stop_word", "Chega")
