"""Health and figures, error pages, pushes that cannot hurt."""

from __future__ import annotations

import pytest

from inbox import realtime, receivers
from messaging import models
from messaging.events import ConversationsChanged, TimelineMoved

pytestmark = pytest.mark.django_db

FACT = ConversationsChanged(
    organization_id=7,
    from_seq=4,
    to_seq=5,
    moved=(TimelineMoved(conversation_id=42, from_seq=1, to_seq=2),),
)


def test_live_and_ready(client, settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert client.get("/health/live").status_code == 200
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    parts = answer.json()["parts"]
    assert (parts["postgres"], parts["migrations"], parts["redis"]) == ("ok", "ok", "degraded")


def test_figures_are_for_the_listed_or_the_token(client, settings) -> None:
    settings.METRICS_TOKEN = "secret"
    settings.METRICS_ALLOWED_ADDRESSES = ["127.0.0.1"]
    allowed = client.get("/metrics").content.decode()
    for name in (
        "whatsapp_queue_size",
        "whatsapp_dead_letter_queue_size",
        "outbound_message_queue_depth",
        "outbound_message_dlq_size",
    ):
        assert f"\n{name} 0.0" in allowed
    far = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get("/metrics", **far).status_code == 403
    assert client.get("/metrics", HTTP_X_FORWARDED_FOR="127.0.0.1").status_code == 403
    token = {"Authorization": "Bearer secret"}
    assert client.get("/metrics", headers=token, **far).status_code == 200
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}, **far).status_code == 403


@pytest.mark.parametrize("path", ["/nothing/", "/api/v1/nothing", "/conversations/0/"])
def test_what_is_not_there(path, alice, client_of) -> None:
    answer = client_of(alice).get(path)
    assert answer.status_code == 404
    assert ("json" in answer.headers["Content-Type"]) is path.startswith("/api/")


def test_a_stale_form_is_explained(alice, open_conversation) -> None:
    from django.test import Client

    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    answer = browser.post(f"/conversations/{open_conversation.pk}/reply/", {"text": "x"})
    assert answer.status_code == 403
    assert "open for too long" in answer.content.decode()


def test_a_fact_becomes_one_push_of_ids_and_numbers(monkeypatch, django_assert_num_queries) -> None:
    pushed = []
    monkeypatch.setattr(realtime, "push", lambda *args: pushed.append(args))
    with django_assert_num_queries(0):
        receivers.on_conversations_changed(ConversationsChanged, FACT)
    [(group, frame)] = pushed
    assert group == "organization.7"
    assert frame["moved"] == [[42, 1, 2]]


def test_without_redis_a_push_is_counted_and_rests(settings, monkeypatch) -> None:
    layer = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": ["redis://127.0.0.1:1/0"]},
    }
    settings.CHANNEL_LAYERS = {"default": layer}
    monkeypatch.setattr(realtime, "_resting_until", 0.0)
    before = realtime.pushes_failed._value.get()
    receivers.on_conversations_changed(ConversationsChanged, FACT)
    receivers.on_conversations_changed(ConversationsChanged, FACT)
    assert realtime.pushes_failed._value.get() == before + 2
    assert realtime._resting_until > 0


def test_members_without_a_place_are_told(client_of) -> None:
    user = models.User.objects.create_user("lost@example.com", "x", name="Lost")
    answer = client_of(user).get("/", follow=True)
    assert "not a member of any organisation" in answer.content.decode()
