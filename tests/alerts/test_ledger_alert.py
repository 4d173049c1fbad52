"""A ledger that does not close is an alert; so is an item given up, and not one tried again."""

from __future__ import annotations

import pytest

from alerts.evaluation import evaluate_rules
from alerts.models import Alert
from messaging import dead_letters
from messaging.models import InboundItem
from messaging.replay import Selection, replay
from tests.messaging import bodies
from tests.messaging.conftest import deliver, drain_all
from tests.messaging.poison import POISON, make_due, poisonous

pytestmark = pytest.mark.django_db


def open_alerts() -> set[str]:
    return set(Alert.objects.filter(state="open").values_list("kind", flat=True)) - {"new_channel"}


def test_a_ledger_that_does_not_close_opens_an_alert_until_it_does(connection) -> None:
    deliver(connection, bodies.body([bodies.text("wamid.1")]))
    drain_all(connection)
    evaluate_rules()
    assert open_alerts() == set()
    InboundItem.objects.all().delete()
    evaluate_rules()
    assert open_alerts() == {"ledger"}
    alert = Alert.objects.get(kind="ledger")
    assert (alert.severity, alert.organization) == ("critical", connection.organization)
    assert "1 finished deliveries" in alert.body
    replay(Selection())
    evaluate_rules()
    assert open_alerts() == set()


def test_only_what_was_given_up_opens_an_alert(connection, monkeypatch) -> None:
    with poisonous(monkeypatch):
        deliver(connection, bodies.body([bodies.text("wamid.1", body=POISON)]))
        drain_all(connection)
        evaluate_rules()
        assert open_alerts() == set()
        for _ in range(2):
            make_due()
            dead_letters.retry_due()
        evaluate_rules()
        assert open_alerts() == {"dead_letters"}
    make_due()
    assert dead_letters.retry_due() == 0
