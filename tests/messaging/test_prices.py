"""Prices of messages: kept with their statuses, and filled by a later copy."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from prometheus_client import REGISTRY

from messaging import figures, labels, outgoing
from messaging.models import Channel, Message, Receipt
from tests import factories
from tests.messaging import bodies
from tests.messaging.conftest import deliver, drain_all

pytestmark = pytest.mark.django_db(transaction=True)
PRICE = {"billable": True, "pricing_model": "PMP", "category": "utility"}


def heard(connection: Any, **more: Any) -> None:
    status = bodies.status("wamid.priced", "delivered") | more
    deliver(connection, bodies.body(statuses=[status]))
    drain_all(connection)


@pytest.fixture
def priced(connection, channel, conversation):
    Channel.objects.filter(pk=channel.pk).update(external_id=bodies.NUMBER_ID)
    return factories.MessageFactory(
        conversation=conversation, direction="out", status="accepted", kind="template",
        provider_id="wamid.priced", content={"template": {"name": "order_ready"}},
    )  # fmt: skip


def test_a_later_copy_fills_a_missing_price_and_changes_no_other(connection, priced) -> None:
    heard(connection)
    assert Receipt.objects.get().pricing is None
    heard(connection, pricing=PRICE)
    heard(connection, pricing={**PRICE, "category": "marketing"})
    heard(connection)
    receipt = Receipt.objects.get()
    assert (receipt.pricing["category"], receipt.message) == ("utility", priced)


def test_statuses_are_counted_once_by_template_and_category(connection, priced) -> None:
    labels = {
        "channel": connection.slug, "template": "order_ready", "category": "utility",
        "status": "delivered", "error_code": "",
    }  # fmt: skip
    name = "inbox_message_statuses_total"
    before = REGISTRY.get_sample_value(name, labels) or 0
    heard(connection, pricing=PRICE)
    heard(connection, pricing=PRICE)
    assert (REGISTRY.get_sample_value(name, labels) or 0) - before == 1
    assert figures.statuses_total is not None


def test_a_status_that_was_faster_than_the_answer_is_counted_too(connection, priced) -> None:
    Message.objects.update(provider_id=None)
    labels = {
        "channel": connection.slug, "template": "order_ready", "category": "utility",
        "status": "delivered", "error_code": "",
    }  # fmt: skip
    name = "inbox_message_statuses_total"
    before = REGISTRY.get_sample_value(name, labels) or 0
    heard(connection, pricing=PRICE)
    result = outgoing.SendResult(message_id=priced.pk, provider_id="wamid.priced")
    for _ in range(2):
        with transaction.atomic():
            outgoing.record_results([result])
    assert (REGISTRY.get_sample_value(name, labels) or 0) - before == 1


def test_each_number_of_a_connection_has_a_label_of_its_own(connection, channel) -> None:
    second = factories.ChannelFactory(connection=connection)
    assert [labels.of_channel(pk) for pk in (channel.pk, second.pk, 0)] == [
        connection.slug, f"{connection.slug}-2", "",
    ]  # fmt: skip
