"""A stale stretch and the changes since its number make the fresh one, whatever changed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from inbox import reviewing, timeline_pages
from messaging import internal, media_claims, merging, models, timeline
from messaging.media_failures import NotFetched
from outbound.review import Action
from tests import factories
from tests.inbox.reader import Reader
from tests.inbox.test_replies import send
from tests.inbox.test_reviewing import left
from tests.messaging import bodies
from tests.messaging.conftest import deliver, drain_all
from tests.messaging.test_amendments import edit, reaction, revoke

pytestmark = pytest.mark.django_db
numbers = itertools.count(1)


class Stage:
    """Carla's conversation with a history, and everything that may happen to it."""

    def __init__(self, connection, channel, carla, alice, bob) -> None:
        self.connection, self.alice, self.bob = connection, alice, bob
        channel.external_id = bodies.NUMBER_ID
        channel.save()
        self.now = int(timezone.now().timestamp())
        self.conversation = factories.ConversationFactory(channel=channel, contact=carla)
        self.tell(*(bodies.text(f"wamid.{n}", at=self.now - 900 + n * 20) for n in range(12)))
        self.conversation.refresh_from_db()
        self.ours = [self._sent(n) for n in range(4)]
        self.doubtful = left(self.conversation, alice, status="needs_review", attempt="unknown")
        self.picture = factories.MediaFactory(
            message=factories.MessageFactory(conversation=self.conversation, kind="image")
        )

    def _sent(self, place: int) -> models.Message:
        at = datetime.fromtimestamp(self.now - 890 + place * 60, UTC)
        return factories.MessageFactory(
            conversation=self.conversation,
            direction="out",
            author_type="agent",
            author=self.alice,
            status="sent",
            received_at=at,
        )

    def tell(self, *messages: Any, **more: Any) -> None:
        deliver(self.connection, bodies.body(messages, **more))
        drain_all(self.connection)

    def internal(self, add: Callable[[models.Conversation], object]) -> None:
        with transaction.atomic():
            locked = timeline.lock([self.conversation.pk])[self.conversation.pk]
            add(locked)
            timeline.publish([locked])

    def status(self, name: str, which: int, **more: Any) -> None:
        wamid = str(self.ours[which % 4].provider_id)
        self.tell(statuses=[bodies.status(wamid, name, at=self.now, **more)])

    def _media(self, end: Callable[[media_claims.Claim], object]) -> None:
        for claim in media_claims.claim(limit=1):
            end(claim)


def stored(claim: media_claims.Claim) -> bool:
    file = media_claims.Stored(
        file="media/x", mime_type="image/jpeg", sha256="ab" * 32, size_bytes=9, width=8, height=6
    )
    return media_claims.record_stored(claim, file)


def answering(stage: Stage, which: int) -> Any:
    quoted = {"id": f"wamid.{which % 12}", "from": "x"}
    return bodies.text(f"wamid.n{next(numbers)}", at=stage.now) | {"context": quoted}


CHANGES: dict[str, Callable[[Stage, int], object]] = {
    "a message in": lambda s, n: s.tell(bodies.text(f"wamid.n{next(numbers)}", at=s.now)),
    "an answer": lambda s, n: s.tell(answering(s, n)),
    "a late arrival": lambda s, n: s.tell(
        bodies.text(f"wamid.n{next(numbers)}", at=s.now - 950 + n * 67)
    ),
    "a message out": lambda s, n: send(s.bob, s.conversation, f"Resposta {n}"),
    "a tick": lambda s, n: s.status(("delivered", "read")[n % 2], n),
    "a failure": lambda s, n: s.status("failed", n, errors=[{"code": 131026, "title": "x"}]),
    "a reaction": lambda s, n: s.tell(
        reaction(f"wamid.n{next(numbers)}", "👍", at=n, of=f"wamid.{n % 12}")
    ),
    "an edit": lambda s, n: s.tell(
        edit(f"wamid.n{next(numbers)}", f"Agora {n}", at=n, of=f"wamid.{n % 12}")
    ),
    "a revoke": lambda s, n: s.tell(revoke(f"wamid.n{next(numbers)}", at=n, of=f"wamid.{n % 12}")),
    "a note": lambda s, n: s.internal(lambda c: internal.add_note(c, f"Nota {n}", by=s.bob)),
    "an event": lambda s, n: s.internal(lambda c: internal.add_event(c, "resolved", by=s.bob)),
    "a file stored": lambda s, n: s._media(stored),
    "a file given up": lambda s, n: s._media(
        lambda claim: media_claims.record_failed(claim, NotFetched("too_large"))
    ),
    "a decision": lambda s, n: _decided(s),
}


def _decided(stage: Stage) -> None:
    if models.Message.objects.get(pk=stage.doubtful.pk).status == "needs_review":
        membership = models.Membership.objects.get(user=stage.alice)
        reviewing.decide(membership, stage.doubtful.pk, Action.MARK_SENT)


@pytest.fixture
def stage(connection, channel, carla, alice, bob, monkeypatch) -> Stage:
    monkeypatch.setattr(timeline_pages, "PAGE", 6)
    monkeypatch.setattr(timeline_pages, "ABOVE", 3)
    return Stage(connection, channel, carla, alice, bob)


def readers(stage: Stage, client_of) -> dict[str, Reader]:
    """The newest page, one in the middle, the oldest, and one that was scrolled."""
    client, pk = client_of(stage.alice), stage.conversation.pk
    middle = models.Message.objects.get(provider_id="wamid.6").pk
    scrolled = Reader(client, pk).open(f"message={middle}")
    scrolled.more(above=True)
    return {
        "newest": Reader(client, pk).open(),
        "middle": Reader(client, pk).open(f"message={middle}"),
        "oldest": Reader(client, pk).open("at=2001-01-01"),
        "scrolled": scrolled,
    }


@pytest.mark.parametrize("which", [1, 6, 11])
@pytest.mark.parametrize("kind", list(CHANGES))
def test_a_stale_stretch_and_its_changes_are_the_fresh_one(kind, which, stage, client_of) -> None:
    old = readers(stage, client_of)
    before = {name: reader.seen() for name, reader in old.items()}
    head = models.Conversation.objects.get(pk=stage.conversation.pk).head_seq
    CHANGES[kind](stage, which)
    assert models.Conversation.objects.get(pk=stage.conversation.pk).head_seq > head
    for name, reader in old.items():
        reader.pull()
        assert reader.seen() == reader.fresh(), name
    assert any(reader.seen() != before[name] for name, reader in old.items()) or which != 6


@given(steps=st.lists(st.tuples(st.sampled_from(list(CHANGES)), st.integers(0, 14)), max_size=9))
@pytest.mark.parametrize("most", [2, 150])
@settings(
    max_examples=6,
    deadline=None,
    # Shrinking costs more here than reading the steps.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_changes_in_any_order_come_to_the_same(
    steps, most, stage, client_of, monkeypatch
) -> None:
    monkeypatch.setattr("inbox.views.timeline.MOST_PULLED", most)
    with transaction.atomic():
        watching = readers(stage, client_of)
        for place, (kind, which) in enumerate(steps):
            CHANGES[kind](stage, which)
            if place % 3 == 0:  # some hear of each, some of many at once
                watching["middle"].pull()
                if watching["middle"].newer:
                    watching["middle"].more(above=False)
        for name, reader in watching.items():
            reader.pull()
            assert reader.seen() == reader.fresh(), name
        transaction.set_rollback(True)


def messages(stage: Stage, count: int) -> None:
    news = (bodies.text(f"wamid.n{next(numbers)}", at=stage.now + n) for n in range(count))
    stage.tell(*news)


def test_who_missed_more_than_a_page_shows_gets_the_newest(stage, client_of, monkeypatch) -> None:
    monkeypatch.setattr("inbox.views.timeline.MOST_PULLED", 8)
    old = readers(stage, client_of)
    messages(stage, 8)
    old["newest"].pull()
    assert old["newest"].missed == []
    messages(stage, 20)
    CHANGES["an edit"](stage, 6)
    for name, reader in old.items():
        looked_at = next(iter(reader.bubbles))
        reader.pull()
        assert reader.seen() == reader.fresh(), name
        assert reader.missed == [20 if name == "newest" else 28]
        assert looked_at in reader.bubbles or name == "newest"
        reader.pull()
        assert len(reader.missed) == 1


def test_who_reads_above_keeps_their_place_when_much_was_missed(
    stage, client_of, monkeypatch
) -> None:
    monkeypatch.setattr("inbox.views.timeline.MOST_PULLED", 8)
    reader = Reader(client_of(stage.alice), stage.conversation.pk).open()
    reader.looks_at = list(reader.bubbles)[1]
    messages(stage, 20)
    send(stage.alice, stage.conversation, "Meine")
    stage.internal(lambda c: internal.add_event(c, "resolved", by=stage.bob))
    reader.pull()
    assert reader.looks_at in reader.bubbles
    # One's own and events are not new to anybody.
    assert (reader.missed, bool(reader.newer)) == ([20], True)
    assert reader.seen() == reader.fresh()


def test_many_changes_that_are_no_births_are_a_fresh_page_too(
    stage, client_of, monkeypatch
) -> None:
    monkeypatch.setattr("inbox.views.timeline.MOST_PULLED", 3)
    old = readers(stage, client_of)
    for which in range(12):
        CHANGES["a reaction"](stage, which)
    for name, reader in old.items():
        reader.pull()
        assert reader.missed == [0], name
        assert reader.seen() == reader.fresh(), name


def test_a_merge_says_where_the_conversation_goes_on(stage, client_of, organization) -> None:
    root = factories.ContactFactory(organization=organization, name="Carla M.")
    channel = stage.conversation.channel
    other = factories.ConversationFactory(channel=channel, contact=root)
    reader = Reader(client_of(stage.alice), stage.conversation.pk).open()
    merging.merge_now(stage.conversation.contact_id, root.pk, reason="x")
    reader.pull()
    assert reader.goes_on == f"/conversations/{other.pk}/"


def test_a_page_that_was_overtaken_is_set_right_by_the_next_pull(stage, client_of) -> None:
    """Its head is as old as its messages, so what it lacks is pulled again."""
    reader = Reader(client_of(stage.alice), stage.conversation.pk).open()
    page = reader.get(f"before={reader.older}")
    stage.tell(reaction("wamid.late", "🎉", at=1, of="wamid.9"))
    reader.pull()
    reader.head = min(reader.head, int(page.partition('data-head="')[2].partition('"')[0]))
    assert reader.head < models.Conversation.objects.get(pk=stage.conversation.pk).head_seq
    reader.pull()
    assert reader.seen() == reader.fresh()


def test_a_membership_of_another_house_gets_no_stretch(stage, mallory, client_of) -> None:
    client = client_of(mallory)
    address = f"/conversations/{stage.conversation.pk}/messages/?at=2001-01-01"
    assert client.get(address).status_code == 404
