"""Operators narrow a search; what is not one is a word."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from inbox import search_words, searching
from inbox.search_words import Term, Wanted, parse, write
from messaging import models
from tests import factories
from tests.inbox.conftest import answered, asked

PIECES = st.sampled_from(
    ['"', "from:", "is:open", "is:", "has:image", "before:2026-02-30", "after:2026", "FROM:Me"]
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=6), st.just(" "))).map("".join))
def test_every_text_is_understood_and_written_back(text) -> None:
    wanted = parse(text)
    assert parse(write(wanted)) == wanted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bolo is:open", Wanted("bolo", (Term("is", "open"),))),
        ('from:"Carla Mendonça" "de noz"', Wanted('"de noz"', (Term("from", "Carla Mendonça"),))),
        ("is:nice to:me http://x before:31-12", Wanted("is:nice to:me http://x before:31-12")),
        ("IS:Open has:IMAGE", Wanted("", (Term("is", "open"), Term("has", "image")))),
        ("after:2026-1 x", Wanted("x", (Term("after", "2026-1"),))),
        ('say "from:me', Wanted('say "from:me')),
        ("from:", Wanted("from:")),
    ],
)  # fmt: skip
def test_operators_are_told_from_words(text, expected) -> None:
    assert parse(text) == expected


@pytest.fixture
def place(alice) -> models.Membership:
    return models.Membership.objects.select_related("user").get(user=alice)


@pytest.fixture
def said(conversation, channel, organization, alice, bob) -> dict[str, models.Message]:
    """Carla's words and photo, what was answered and noted, and another customer of long ago."""
    other = factories.ConversationFactory(
        channel=factories.ChannelFactory(connection=channel.connection, name="Catering"),
        contact=factories.ContactFactory(organization=organization, name="Rui"),
        assignee=bob,
        state="resolved",
    )
    asked(conversation, "bolo de noz")
    make = factories.MessageFactory
    conversation.labels.add(
        models.Label.objects.create(organization=organization, name="Two Words")
    )
    rows = {
        "words": conversation.last_message,
        "photo": make(conversation=conversation, kind="image", text="bolo"),
        "answer": answered(conversation, alice, "bolo https://example.com"),
        "note": make(
            conversation=conversation, direction="internal", kind="note", text="bolo", author=bob
        ),
        "old": asked(other, "bolo", hours_ago=24 * 40).last_message,
    }  # fmt: skip
    models.Message.objects.filter(pk=rows["answer"].pk).update(status="failed")
    return rows


CASES = [
    ("bolo", "words photo answer note old"),
    ("from:carla", "words photo"),
    ("bolo from:me", "answer"),
    ("from:bob", "note"),
    ("is:resolved", "old"),
    ("is:open bolo", "words photo answer note"),
    ("is:mine", ""),
    ("is:unassigned", "words photo answer note"),
    ("is:unread -noz bolo", "photo answer note old"),
    ("is:failed", "answer"),
    ('label:"two words" noz', "words"),
    ("label:nothing bolo", ""),
    ("in:catering", "old"),
    ("assignee:bob bolo", "old"),
    ("has:image", "photo"),
    ("has:link", "answer"),
    ("has:file", ""),
    ("has:location", ""),
    ("bolo assignee:none has:image", "photo"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("text", "expected"), CASES)
def test_operators_leave_what_they_say(text, expected, said, place) -> None:
    names = {message.pk: name for name, message in said.items()}
    found = {names[hit.message.pk] for hit in searching.find(place, text).hits}
    assert found == set(expected.split())


@pytest.mark.django_db
def test_dates_are_edges(said, place) -> None:
    month = (timezone.localdate() - timedelta(days=20)).isoformat()
    assert {hit.message.pk for hit in searching.find(place, f"before:{month}").hits} == {
        said["old"].pk
    }
    assert said["old"].pk not in {
        hit.message.pk for hit in searching.find(place, f"bolo after:{month}").hits
    }


@pytest.mark.django_db
def test_operators_do_not_see_more_than_their_asker(said, channel, place) -> None:
    place.sees_all_channels = False
    place.save()
    place.channels.add(channel)
    for text in ("is:resolved", "in:catering", "from:rui", "before:2100", "assignee:bob"):
        found = {hit.message.pk for hit in searching.find(place, text).hits}
        assert said["old"].pk not in found


@pytest.mark.django_db
def test_a_hit_leads_to_its_message(said, alice, client_of) -> None:
    page = client_of(alice).get("/search/", {"q": "noz is:open"}).content.decode()
    message = said["words"]
    assert f"/conversations/{message.conversation_id}/?message={message.pk}" in page
    assert "<mark>noz</mark>" in page


def test_days_have_limits() -> None:
    assert search_words.day_of("2026-13") is None
    assert search_words.day_of("0001-01-01") is None
