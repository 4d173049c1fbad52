"""What could not be applied is tried again, once, until it works or a person decides."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError
from django.db import connection as database
from django.utils import timezone
from psycopg.errors import ProgramLimitExceeded

from messaging import dead_letters, drain
from messaging.apply import messages as apply_messages
from messaging.events import DeadLettersAdded, announced
from messaging.ledger import balance
from messaging.models import Channel, Connection, DeadLetter, InboundEvent, InboundItem, Message
from tests import factories
from tests.messaging import bodies
from tests.messaging.conftest import at_once, deliver, drain_all
from tests.messaging.poison import POISON, breaks, decoding_with, make_due, poisonous

BROKEN = b'{"entry": ["x"]}'


def letters() -> list[tuple[str, int]]:
    return list(DeadLetter.objects.order_by("pk").values_list("state", "attempts"))


def lines() -> list[tuple[str, str]]:
    rows = InboundItem.objects.order_by("event_id", "position")
    return list(rows.values_list("key", "outcome"))


@pytest.fixture
def facts() -> Iterator[list[DeadLettersAdded]]:
    """What was announced of dead letters."""
    heard: list[DeadLettersAdded] = []

    def hear(fact: DeadLettersAdded, **_: Any) -> None:
        heard.append(fact)

    announced.connect(hear, sender=DeadLettersAdded)
    yield heard
    announced.disconnect(hear, sender=DeadLettersAdded)


@pytest.fixture
def buried(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> DeadLetter:
    """Of three messages the second could not be applied."""
    factories.ChannelFactory(connection=connection, external_id=bodies.NUMBER_ID)
    texts = [bodies.text(f"wamid.{number}", at=bodies.SOME_TIME + number) for number in range(3)]
    texts[1]["text"] = {"body": POISON}
    with poisonous(monkeypatch):
        deliver(connection, bodies.body(texts))
        drain_all(connection)
    return DeadLetter.objects.get()


# --- by itself ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_dead_letter_keeps_the_item_and_waits_for_its_next_try(
    channel: Channel, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    Channel.objects.update(external_id=bodies.NUMBER_ID)
    with poisonous(monkeypatch):
        deliver(connection, bodies.body([bodies.text("wamid.1", body=POISON)]))
        drain_all(connection)
    letter = DeadLetter.objects.get()
    assert (letter.state, letter.attempts, letter.code) == ("retrying", 1, "DataError")
    assert (letter.payload["provider_id"], letter.payload["text"]) == ("wamid.1", POISON)
    assert letter.channel == channel
    assert POISON not in letter.stack
    assert "_row" not in letter.reason
    assert letter.due_at == letter.last_at + timedelta(seconds=1)


@pytest.mark.django_db
def test_a_retry_that_works_resolves(buried: DeadLetter) -> None:
    assert dead_letters.retry_due() == 0, "it is not due yet"
    make_due()
    assert dead_letters.retry_due() == 1
    buried.refresh_from_db()
    assert (buried.state, buried.due_at) == ("resolved", None)
    assert lines() == [(f"wamid.{number}", "applied") for number in range(3)]
    shown = Message.objects.order_by("sort_at", "seq").values_list("provider_id", flat=True)
    assert list(shown) == ["wamid.0", "wamid.1", "wamid.2"]
    assert balance().balanced
    assert dead_letters.retry_due() == 0


@pytest.mark.django_db
def test_after_the_last_attempt_a_person_is_told_and_only_then(
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
    facts: list[DeadLettersAdded],
    django_capture_on_commit_callbacks: Any,
) -> None:
    with poisonous(monkeypatch), django_capture_on_commit_callbacks(execute=True):
        deliver(connection, bodies.body([bodies.text("wamid.1", body=POISON)]))
        drain_all(connection)
        make_due()
        dead_letters.retry_due()
    assert (letters(), facts) == ([("retrying", 2)], [])
    with poisonous(monkeypatch), django_capture_on_commit_callbacks(execute=True):
        make_due()
        dead_letters.retry_due()
    assert letters() == [("failed", 3)]
    assert [fact.dead_letter_ids for fact in facts] == [(DeadLetter.objects.get().pk,)]
    make_due()
    assert dead_letters.retry_due() == 0
    assert lines() == [("wamid.1", "dead")]


@pytest.mark.django_db
def test_the_pause_grows_by_the_delays(
    settings: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PROCESSING_MAX_ATTEMPTS = 9
    pauses = []
    with poisonous(monkeypatch):
        deliver(connection, bodies.body([bodies.text("wamid.1", body=POISON)]))
        drain_all(connection)
        for _ in range(4):
            letter = DeadLetter.objects.get()
            assert letter.due_at
            pauses.append((letter.due_at - letter.last_at).total_seconds())
            make_due()
            dead_letters.retry_due()
    assert pauses == [1, 5, 15, 15]


@pytest.mark.django_db
def test_what_is_malformed_goes_to_a_person_at_once(connection: Connection) -> None:
    deliver(connection, BROKEN)
    drain_all(connection)
    letter = DeadLetter.objects.get()
    assert (letter.state, letter.payload, letter.due_at) == ("failed", "x", None)


@pytest.mark.django_db
def test_two_bodies_whose_decoding_breaks_are_two_dead_letters(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with decoding_with(monkeypatch, breaks):
        deliver(connection, b'{"a": 1}', b'{"a": 2}', b'{"a": 1}')
        drain_all(connection)
    assert [outcome for _, outcome in lines()] == ["dead", "dead", "duplicate"]
    assert letters() == [("failed", 1), ("failed", 1)]


@pytest.mark.django_db
def test_what_goes_beyond_a_limit_of_postgres_dies_alone(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = apply_messages.insert

    def limited(batch: Any) -> None:
        if any(message.item.text == POISON for message in batch.messages):
            raise OperationalError("beyond a limit") from ProgramLimitExceeded()
        honest(batch)

    monkeypatch.setattr(apply_messages, "insert", limited)
    deliver(connection, bodies.body([bodies.text("wamid.1", body=POISON), bodies.text("wamid.2")]))
    drain_all(connection)
    assert lines() == [("wamid.1", "dead"), ("wamid.2", "applied")]
    assert DeadLetter.objects.get().code == "OperationalError"


@pytest.mark.django_db
def test_an_endless_text_and_file_name_are_applied(connection: Connection) -> None:
    endless = " ".join(f"w{number}" for number in range(250_000))
    named = bodies.text("wamid.2") | {"type": "document", "document": {"filename": endless}}
    deliver(connection, bodies.body([bodies.text("wamid.1", body=endless), named]))
    drain_all(connection)
    assert lines() == [("wamid.1", "applied"), ("wamid.2", "applied")]


@pytest.mark.django_db
def test_a_passing_error_of_a_retry_costs_no_attempt(
    buried: DeadLetter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: Any, **__: Any) -> None:
        raise OperationalError("the connection is lost")

    make_due()
    with monkeypatch.context() as patch:
        patch.setattr(dead_letters, "repeat", dies)
        patch.setattr(database, "close", lambda: None)
        assert dead_letters.retry_due() == 0
    assert letters() == [("retrying", 1)]
    claimed = DeadLetter.objects.filter(due_at__gt=timezone.now())
    assert claimed.exists(), "the claim outlives a crash"
    make_due()
    assert dead_letters.retry_due() == 1
    assert letters() == [("resolved", 1)]


@pytest.mark.django_db
def test_a_drain_that_died_after_its_burial_is_made_good(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(connection, bodies.body([bodies.text("wamid.1", body=POISON)]))

    def dies(*_: Any) -> None:
        raise OperationalError("the connection is lost")

    with monkeypatch.context() as patch, poisonous(monkeypatch):
        patch.setattr(drain, "finish", dies)
        patch.setattr(drain, "_drain_together", dies)
        patch.setattr(drain, "is_too_much", lambda _: True)
        with pytest.raises(OperationalError):
            drain.drain_batch(connection)
    make_due()
    assert dead_letters.retry_due() == 0, "the delivery is still the drain's"
    drain_all(connection)
    assert lines() == [("wamid.1", "applied")]
    assert dead_letters.retry_due() == 1
    assert letters() == [("resolved", 1)]
    assert Message.objects.count() == 1


@pytest.mark.django_db
def test_an_item_that_another_drain_buried_meanwhile_counts_one_attempt(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(connection, bodies.body([bodies.text("wamid.1", body=POISON)]))
    honest = drain._bury_new
    met: list[bool] = []

    def slow(*arguments: Any) -> None:
        if not met:
            met.append(True)
            drain_all(connection)
        honest(*arguments)

    with poisonous(monkeypatch):
        monkeypatch.setattr(drain, "_bury_new", slow)
        drain_all(connection)
    assert letters() == [("retrying", 1)]


# --- by a person --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_retrying_twice_does_it_once(buried: DeadLetter) -> None:
    assert dead_letters.retry([buried.pk]) == 1
    assert dead_letters.retry([buried.pk]) == 0
    assert letters() == [("resolved", 1)]
    assert Message.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_retrying_from_two_sides_at_once_does_it_once(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [bodies.text(f"wamid.{number:02}", body=POISON) for number in range(30)]
    with poisonous(monkeypatch):
        deliver(connection, *(bodies.body([text]) for text in texts))
        drain_all(connection)
    monkeypatch.setattr(dead_letters, "BATCH", 4)
    ids = list(DeadLetter.objects.values_list("pk", flat=True))
    make_due()
    at_once(
        partial(dead_letters.retry, ids), dead_letters.retry_due, partial(dead_letters.retry, ids)
    )
    assert letters() == [("resolved", 1)] * 30
    assert lines() == [(f"wamid.{number:02}", "applied") for number in range(30)]
    assert Message.objects.count() == 30
    assert balance().balanced


@pytest.mark.django_db(transaction=True)
def test_failing_from_two_sides_at_once_counts_one_attempt(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with poisonous(monkeypatch):
        deliver(connection, bodies.body([bodies.text("wamid.1", body=POISON)]))
        drain_all(connection)
        make_due()
        at_once(dead_letters.retry_due, dead_letters.retry_due)
    assert letters() == [("retrying", 2)]


@pytest.mark.django_db
def test_a_malformed_item_that_is_retried_fails_again(connection: Connection) -> None:
    deliver(connection, BROKEN)
    drain_all(connection)
    assert dead_letters.retry([DeadLetter.objects.get().pk]) == 1
    assert letters() == [("failed", 2)]
    assert [outcome for _, outcome in lines()] == ["dead"]
    assert balance().balanced


@pytest.mark.django_db
def test_a_delivery_that_todays_code_reads_is_resolved_with_all_its_items(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with decoding_with(monkeypatch, breaks):
        deliver(connection, bodies.body([bodies.text("wamid.1"), bodies.text("wamid.2")]))
        drain_all(connection)
    assert len(lines()) == 1
    dead_letters.retry([DeadLetter.objects.get().pk])
    assert lines() == [("wamid.1", "applied"), ("wamid.2", "applied")]
    assert letters() == [("resolved", 1)]
    assert balance().balanced


@pytest.mark.django_db
def test_a_neighbour_that_was_discarded_stays_dead(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [bodies.text(f"wamid.{number}", body=POISON) for number in range(2)]
    with poisonous(monkeypatch):
        deliver(connection, bodies.body(texts))
        drain_all(connection)
    first, second = DeadLetter.objects.order_by("position")
    assert dead_letters.discard([first.pk], by=None) == 1
    assert dead_letters.retry([first.pk, second.pk]) == 1
    assert letters() == [("discarded", 1), ("resolved", 1)]
    assert lines() == [("wamid.0", "dead"), ("wamid.1", "applied")]


@pytest.mark.django_db
def test_a_decision_keeps_who_made_it(buried: DeadLetter, alice: Any) -> None:
    assert dead_letters.discard([buried.pk], by=alice) == 1
    buried.refresh_from_db()
    assert (buried.state, buried.closed_by, buried.due_at) == ("discarded", alice, None)
    assert buried.closed_at is not None
    assert dead_letters.discard([buried.pk], by=None) == 0
    assert dead_letters.retry([buried.pk]) == 0


@pytest.mark.django_db
def test_a_letter_without_its_delivery_waits_for_a_person(buried: DeadLetter) -> None:
    InboundEvent.objects.all().delete()
    make_due()
    assert dead_letters.retry_due() == 0
    buried.refresh_from_db()
    assert (buried.state, buried.reason) == ("failed", "the delivery is not kept any more")


@pytest.mark.django_db
def test_a_payload_that_postgres_refuses_is_left_out(connection: Connection) -> None:
    numbers = json.dumps({"entry": [1]}).replace("1", "1" * 200_000)
    deliver(connection, numbers.encode())
    drain_all(connection)
    assert letters() == [("failed", 1)]
    assert balance().balanced


@pytest.mark.django_db
def test_filters_narrow_the_list(buried: DeadLetter, organization: Any) -> None:
    other = factories.ConnectionFactory()
    deliver(other, BROKEN)
    drain_all(other)
    everything = DeadLetter.objects.all()

    def found(**wanted: Any) -> int:
        return dead_letters.matching(everything, dead_letters.Filters(**wanted)).count()

    assert found() == 2
    assert found(state="failed") == found(code="malformed") == found(reason="HOLDS no") == 1
    assert found(organization=organization.slug) == 1
    assert found(channel=buried.channel_id) == 1
    assert found(source="media") == 0
