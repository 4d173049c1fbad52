"""Templates are fetched from the provider: all of them, in time, within its budget."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from messaging.models import Connection, ProviderNotice
from messaging.providers.cloud import templates as client
from messaging.secrets import ConnectionSecrets
from outbound import message_templates, template_sync
from outbound.models import MessageTemplate, TemplateSync
from tests.messaging.conftest import at_once
from tests.outbound.listing import Listing, running_listing, template

pytestmark = pytest.mark.django_db


@pytest.fixture
def listing(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listing]:
    monkeypatch.setattr(client, "PAUSES_SECONDS", (0.0, 0.0))
    with running_listing() as found:
        connection.base_url, connection.account_id = found.url, "102290129340398"
        connection.save()
        yield found


def rest() -> None:
    """As if everybody had waited for long enough, but no hour was over."""
    TemplateSync.objects.update(retry_at=Now())


def hear(connection: Connection, status: str, number: int = 1, *, at=None) -> None:
    ProviderNotice.objects.create(
        connection=connection,
        kind=message_templates.STATUS,
        key=f"{status}{number}{at}",
        payload={"message_template_id": number, "event": status},
        received_at=at or timezone.now(),
    )


def statuses() -> dict[str, str]:
    return dict(MessageTemplate.objects.values_list("provider_id", "status"))


def test_every_page_is_read_and_kept(connection, listing, payloads) -> None:
    sample = payloads / "cloud" / "api_templates_list.json"
    listing.templates = json.loads(sample.read_text())["data"]
    assert template_sync.sync_due() == 1
    path = "/v25.0/102290129340398/message_templates"
    assert listing.asked == [(path, "", "Bearer access-token"), (path, "2", "Bearer access-token")]
    kept = MessageTemplate.objects.get(name="reservation_confirmation")
    assert (kept.status, kept.category, kept.parameter_format) == ("APPROVED", "UTILITY", "NAMED")
    assert kept.components == listing.templates[0]["components"]
    assert kept.synced_at == TemplateSync.objects.get().started_at
    assert not MessageTemplate.objects.filter(is_stale=True).exists()
    assert MessageTemplate.objects.count() == 4


def test_once_an_hour_is_enough(connection, listing) -> None:
    assert [template_sync.sync_due(), template_sync.sync_due()] == [1, 0]
    rest()
    assert template_sync.sync_due() == 0
    TemplateSync.objects.update(synced_at=Now() - timedelta(hours=1))
    assert template_sync.sync_due() == 1


def test_what_is_stale_is_fetched_once_there_was_a_rest(connection, listing) -> None:
    listing.templates = [template(1)]
    template_sync.sync_due()
    hear(connection, "SOMETHING_NEW")
    message_templates.absorb()
    assert template_sync.sync_due() == 0
    rest()
    MessageTemplate.objects.update(updated_at=Now())
    assert template_sync.sync_due() == 1
    assert statuses() == {"1": "APPROVED"}


def test_what_a_person_asks_for_is_fetched(connection, listing) -> None:
    template_sync.sync_due()
    rest()
    template_sync.ask(connection.pk)
    assert [template_sync.sync_due(), template_sync.sync_due()] == [1, 0]


def test_what_is_gone_is_marked_and_kept(connection, listing) -> None:
    listing.templates = [template(1), template(2), template(3)]
    template_sync.sync_due()
    del listing.templates[1]
    rest()
    template_sync.ask(connection.pk)
    template_sync.sync_due()
    assert statuses() == {"1": "APPROVED", "2": "DELETED", "3": "APPROVED"}


def test_news_that_came_meanwhile_are_not_undone(connection, listing) -> None:
    listing.templates = [template(1)]
    template_sync.sync_due()
    rest()
    template_sync.ask(connection.pk)
    late = timezone.now() + timedelta(seconds=30)
    hear(connection, "PAUSED", at=late)
    message_templates.absorb()
    template_sync.sync_due()
    assert statuses() == {"1": "PAUSED"}


def test_news_older_than_what_was_fetched_are_settled_by_asking_again(connection, listing) -> None:
    listing.templates = [template(1)]
    template_sync.sync_due()
    hear(connection, "PAUSED", at=timezone.now() - timedelta(minutes=1))
    message_templates.absorb()
    rest()
    template_sync.sync_due()
    assert statuses() == {"1": "APPROVED"}


@pytest.mark.parametrize("code", [4, 80007, 80008])
def test_a_budget_that_is_used_up_is_left_alone(connection, listing, code) -> None:
    listing.headers = {"Retry-After": "1800"}
    listing.next.append((400, {"error": {"code": code, "message": "slow down"}}))
    assert template_sync.sync_due() == 0
    assert len(listing.asked) == 1
    sync = template_sync.ask(connection.pk)
    assert sync.error_code == str(code)
    assert sync.retry_at > timezone.now() + timedelta(minutes=29)
    assert template_sync.sync_due() == 0
    assert len(listing.asked) == 1


def test_a_broken_page_is_asked_for_again_and_a_broken_list_changes_nothing(
    connection, listing
) -> None:
    listing.templates = [template(1), template(2), template(3)]
    listing.next.extend([(502, "<html>"), (503, {})])
    assert template_sync.sync_due() == 1
    rest()
    template_sync.ask(connection.pk)
    first = {"data": [template(1)], "paging": {"next": "x", "cursors": {"after": "1"}}}
    listing.next.extend([(200, first), (500, {}), (500, {}), (500, {})])
    assert template_sync.sync_due() == 0
    assert statuses() == dict.fromkeys("123", "APPROVED")


def test_a_list_that_does_not_say_how_it_goes_on_is_none(connection, listing) -> None:
    cut = {"data": [template(1)], "paging": {"next": "x"}}
    listing.next.extend([(200, cut)] * 3)
    assert template_sync.sync_due() == 0
    assert statuses() == {}


def test_a_refused_token_waits_longer_each_time_until_somebody_asks(connection, listing) -> None:
    waits = []
    for _ in range(3):
        listing.next.append((401, {"error": {"code": 190, "message": "expired"}}))
        rest()
        template_sync.sync_due()
        sync = TemplateSync.objects.get()
        assert sync.retry_at is not None
        assert sync.started_at is not None
        waits.append(round((sync.retry_at - sync.started_at).total_seconds(), -1))
    assert waits == [60, 120, 240]
    assert template_sync.ask(connection.pk).retry_at <= timezone.now()
    assert template_sync.sync_due() == 1


def test_who_cannot_be_asked_is_not(connection, listing) -> None:
    connection.secrets = ConnectionSecrets(app_secret="only")
    connection.save()
    assert template_sync.sync_due() == 0
    Connection.objects.update(account_id="")
    TemplateSync.objects.all().delete()
    assert template_sync.sync_due() == 0
    assert listing.asked == []


def test_a_change_of_category_is_noted(connection, listing) -> None:
    listing.templates = [template(1)]
    template_sync.sync_due()
    assert MessageTemplate.objects.get().category_changed_at is None
    listing.templates = [template(1, category="MARKETING")]
    rest()
    template_sync.ask(connection.pk)
    template_sync.sync_due()
    kept = MessageTemplate.objects.get()
    assert (kept.former_category, kept.category) == ("UTILITY", "MARKETING")
    assert kept.category_changed_at == kept.synced_at


@pytest.mark.django_db(transaction=True)
def test_many_processes_fetch_once(connection, listing) -> None:
    at_once(*[template_sync.sync_due] * 4)
    assert len(listing.asked) == 1
