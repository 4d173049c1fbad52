"""A message with a file: the provider gets the file first, then the message leaves, once."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from django.db import transaction
from django.db.models.functions import Now

from messaging import dead_letters, media_files, timeline
from messaging.models import Connection, Conversation, DeadLetter, Media, Message
from messaging.outgoing import Draft, compose
from messaging.secrets import ConnectionSecrets
from outbound import dead_letters as late
from outbound import outbox, provider_files, uploads
from outbound.dispatch import dispatch_due
from outbound.models import Lane, OutboxEntry, ProviderFile, SendAttempt, Upload
from outbound.uploading import upload_due
from tests.messaging import samples
from tests.outbound import graph as fake
from tests.outbound.conftest import entry_of, in_thread, make_due, states, write
from tests.outbound.graph import Behaviour, FakeGraph
from tests.outbound.test_dead_letters import report_failed

pytestmark = pytest.mark.django_db(transaction=True)
PHOTO = samples.picture(size=(640, 480))


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def attach(ready: Conversation, alice):
    """An agent's message with a file, as the reply use case writes it."""

    def make(kind: str = "image", content: bytes = PHOTO, mime_type: str = "image/jpeg", **fields):
        upload = stored(ready, alice, kind, content, mime_type)
        with transaction.atomic():
            locked = timeline.lock([ready.pk])[ready.pk]
            key = "audio" if kind == "voice" else kind
            draft = Draft(kind=kind, text="", content={key: {"upload": upload.pk} | fields})
            message = compose(locked, draft)
            uploads.attach(message)
            outbox.enqueue(message)
            timeline.publish([locked])
        return message

    return make


def stored(conversation: Conversation, author: Any, kind: str, content: bytes, mime_type: str):
    name = media_files.new_name(
        organization_id=conversation.organization_id, media_id="u1", extension="bin"
    )
    return Upload.objects.create(
        organization_id=conversation.organization_id,
        author=author,
        kind=kind,
        mime_type=mime_type,
        filename="Encomenda de Março.pdf",
        size_bytes=len(content),
        sha256="ab" * 32,
        file=media_files.keep_bytes(content, name),
    )


def retry_now() -> None:
    ProviderFile.objects.update(due_at=Now())


def status_of(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.status, message.error_code


def test_the_file_is_handed_over_and_then_its_message_leaves(attach, graph: FakeGraph) -> None:
    message = attach()
    assert (dispatch_due(limit_seconds=5), graph.asked) == (0, [])
    assert upload_due() == 1
    [file] = graph.handed
    assert file.content == PHOTO
    assert file.fields == {"messaging_product": "whatsapp", "type": "image/jpeg"}
    assert (file.mime_type, file.authorization) == ("image/jpeg", "Bearer access-token")
    assert file.path.endswith(f"/{message.channel.external_id}/media")
    assert int(file.length) > len(PHOTO)
    assert dispatch_due(limit_seconds=5) == 1
    [asked] = graph.asked
    assert asked.body["image"] == {"id": ProviderFile.objects.get().provider_id}
    assert status_of(message) == ("accepted", "")
    assert states(message) == ["accepted"]


def test_a_voice_note_says_that_it_is_opus_and_a_voice(attach, graph: FakeGraph) -> None:
    attach("voice", b"OggS", "audio/ogg")
    upload_due()
    dispatch_due(limit_seconds=5)
    assert graph.handed[0].fields["type"] == "audio/ogg; codecs=opus"
    assert graph.handed[0].filename.endswith(".ogg")
    assert graph.asked[0].body["audio"]["voice"] is True


def test_a_document_keeps_its_name(attach, graph: FakeGraph) -> None:
    attach("document", samples.PDF, "application/pdf")
    upload_due()
    dispatch_due(limit_seconds=5)
    assert graph.asked[0].body["document"]["filename"] == "Encomenda de Março.pdf"


def test_what_was_written_after_the_file_leaves_after_it(
    attach, ready: Conversation, graph: FakeGraph
) -> None:
    attach()
    write(ready, "Gosta?")
    assert (dispatch_due(limit_seconds=5), graph.asked) == (0, [])
    upload_due()
    dispatch_due(limit_seconds=5)
    assert graph.accepted == ["image", "Gosta?"]


def test_a_finished_upload_wakes_the_dispatch_at_once(attach, hinted: list[str]) -> None:
    attach()
    hinted.clear()
    upload_due()
    assert hinted == ["outbound.tasks.dispatch_due_entries"]
    assert Lane.objects.due().exists()


def test_a_slow_file_costs_its_message_no_attempt(attach, graph: FakeGraph) -> None:
    message = attach()
    for _ in range(7):
        make_due()
        assert dispatch_due(limit_seconds=5) == 1
    entry = entry_of(message)
    assert (entry.state, entry.attempt_count, graph.asked) == ("throttled", 0, [])
    upload_due()
    assert dispatch_due(limit_seconds=5) == 1
    assert status_of(message)[0] == "accepted"


def test_the_dispatch_asks_for_a_file_that_nobody_asked_for(attach, graph: FakeGraph) -> None:
    message = attach()
    ProviderFile.objects.all().delete()
    make_due()
    dispatch_due(limit_seconds=5)
    assert ProviderFile.objects.get().state == "waiting"
    upload_due()
    dispatch_due(limit_seconds=5)
    assert status_of(message)[0] == "accepted"


def test_a_file_about_to_expire_is_handed_over_again(attach, graph: FakeGraph) -> None:
    message = attach()
    upload_due()
    ProviderFile.objects.update(expires_at=Now() + timedelta(hours=23))
    dispatch_due(limit_seconds=5)
    assert graph.asked == []
    upload_due()
    dispatch_due(limit_seconds=5)
    assert len(graph.handed) == 2
    assert status_of(message)[0] == "accepted"


@pytest.mark.parametrize(
    "behaviour", [fake.plain(503), fake.refuse(131000, status=500), fake.refuse(130429)]
)
def test_trouble_on_the_way_is_tried_again(attach, graph: FakeGraph, behaviour: Behaviour) -> None:
    message = attach()
    graph.next_files.append(behaviour)
    upload_due()
    assert upload_due() == 0
    retry_now()
    upload_due()
    dispatch_due(limit_seconds=5)
    assert status_of(message)[0] == "accepted"


def test_throttling_spends_no_try(attach, graph: FakeGraph) -> None:
    attach()
    graph.next_files.extend([fake.refuse(4)] * 9)
    for _ in range(9):
        retry_now()
        upload_due()
    assert ProviderFile.objects.get().state == "waiting"


def test_trouble_without_end_fails_the_message_with_words(attach, graph: FakeGraph) -> None:
    message = attach()
    graph.next_files.extend([fake.plain(503)] * 9)
    for _ in range(9):
        retry_now()
        upload_due()
    assert len(graph.handed) == 5
    dispatch_due(limit_seconds=5)
    assert status_of(message) == ("failed", "file_not_uploaded")
    assert graph.asked == []


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (fake.refuse(131053), "file_refused"),
        (fake.refuse(100), "file_refused"),
        (fake.plain(413), "file_refused"),
        (fake.refuse(190, status=401), "no_access_token"),
    ],
)
def test_a_refused_file_fails_its_message_and_holds_up_no_other(
    attach, ready: Conversation, graph: FakeGraph, behaviour: Behaviour, code: str
) -> None:
    message = attach()
    write(ready, "Gosta?")
    graph.next_files.append(behaviour)
    upload_due()
    dispatch_due(limit_seconds=5)
    assert status_of(message) == ("failed", code)
    assert graph.accepted == ["Gosta?"]
    assert not ProviderFile.objects.exists()  # whoever sends it again begins anew


def test_a_file_that_storage_lost_fails_its_message(attach, graph: FakeGraph) -> None:
    message = attach()
    media_files.remove([Media.objects.get().file])
    upload_due()
    dispatch_due(limit_seconds=5)
    assert status_of(message) == ("failed", "file_missing")


def test_an_id_the_provider_forgot_is_replaced_once(attach, graph: FakeGraph) -> None:
    message = attach()
    upload_due()
    graph.next.append(lost_file)
    dispatch_due(limit_seconds=5)
    assert (entry_of(message).attempt_count, states(message)) == (0, ["not_sent"])
    upload_due()
    dispatch_due(limit_seconds=5)
    assert status_of(message)[0] == "accepted"
    ids = [asked.body["image"]["id"] for asked in graph.asked]
    assert len(set(ids)) == len(graph.handed) == 2


def test_an_id_that_is_forgotten_again_fails_the_message(attach, graph: FakeGraph) -> None:
    message = attach()
    graph.default = lost_file
    for _ in range(4):
        upload_due()
        make_due()
        dispatch_due(limit_seconds=5)
    assert status_of(message) == ("failed", "100")
    assert len(graph.asked) == 2


async def lost_file(request: Any, body: dict[str, Any]) -> Any:
    said = "(#100) Param image['id'] is not a valid whatsapp business account media attachment ID"
    return web.json_response({"error": {"code": 100, "message": said}}, status=400)


def test_another_process_uploads_nothing_that_is_under_way(attach, graph: FakeGraph) -> None:
    attach()
    released = threading.Event()
    graph.next_files.append(fake.after(released, file_id))
    with in_thread(upload_due):
        until(lambda: len(graph.handed) == 1)
        assert upload_due() == 0
        released.set()
    assert len(graph.handed) == 1
    assert ProviderFile.objects.get().provider_id == "1234"


def test_a_claim_that_ran_out_writes_nothing(attach, graph: FakeGraph) -> None:
    attach()
    [old] = provider_files.claim(limit=5)
    retry_now()
    [new] = provider_files.claim(limit=5)
    assert not provider_files.record_ready(old, "another")
    assert not provider_files.record_failed(old, code="file_refused")
    provider_files.put_off(old, seconds=900)
    assert provider_files.record_ready(new, "ours")
    assert not provider_files.record_failed(old, code="file_refused")
    assert ProviderFile.objects.get().provider_id == "ours"


async def file_id(request: Any, body: dict[str, Any]) -> Any:
    return web.json_response({"id": "1234"})


def until(holds: Any) -> None:
    waited = threading.Event()
    for _ in range(400):
        if holds():
            return
        waited.wait(0.05)
    raise AssertionError("it never came true")


def test_a_connection_whose_secrets_are_shut_waits(attach, settings, graph: FakeGraph) -> None:
    message = attach()
    keys, settings.FIELD_ENCRYPTION_KEYS = settings.FIELD_ENCRYPTION_KEYS, [OTHER_KEY]
    assert upload_due() == 0
    settings.FIELD_ENCRYPTION_KEYS = keys
    retry_now()
    upload_due()
    dispatch_due(limit_seconds=5)
    assert status_of(message)[0] == "accepted"


OTHER_KEY = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="


def test_the_token_goes_to_the_connections_own_address_only(
    attach, graph: FakeGraph, connection: Connection
) -> None:
    attach()
    connection.refresh_from_db()
    connection.secrets = ConnectionSecrets(access_token="another-token")
    connection.save()
    graph.next_files.append(fake.plain(302))
    upload_due()
    assert [file.authorization for file in graph.handed] == ["Bearer another-token"]
    assert SendAttempt.objects.count() == 0
    assert OutboxEntry.objects.get().state == "waiting"


def test_a_file_refused_in_a_later_status_is_handed_over_anew(attach, graph: FakeGraph) -> None:
    message = attach()
    upload_due()
    dispatch_due(limit_seconds=5)
    report_failed(message, "131053")
    assert late.sweep_late() == 1
    dead_letters.retry([DeadLetter.objects.get(message=message).pk])
    dispatch_due(limit_seconds=5)
    assert (upload_due(), len(graph.asked)) == (1, 1)
    make_due()
    dispatch_due(limit_seconds=5)
    first, second = [asked.body["image"]["id"] for asked in graph.asked]
    assert first != second
    assert status_of(message) == ("accepted", "")
