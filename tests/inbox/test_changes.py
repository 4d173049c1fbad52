"""What was done to messages later, and what messages answer."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from messaging import models
from tests import factories
from tests.inbox.conftest import FRAGMENT, answered

pytestmark = pytest.mark.django_db


def test_an_edited_message_keeps_what_it_said(say, shown, told, amend) -> None:
    message = say(text="24 people", original={"text": "20 people"}, edited_at=timezone.now())
    for minutes, text in ((2, "24 people"), (1, "22 people")):
        amend(message, "edit", text=text, minutes=minutes)
    former = re.search(r"<details.*?</details>", shown(message), re.DOTALL)[0]
    assert re.findall(r"\d+ people", former) == ["20 people", "22 people"]
    assert (told(message)["edited"], told(message)["text"]) == (True, "24 people")


def test_a_deleted_message_keeps_its_text(say, shown, told, listed) -> None:
    message = say(text="The code is 4471", deleted_at=timezone.now())
    bubble = shown(message)
    assert "data-deleted" in bubble
    assert "The code is 4471" in bubble
    assert re.search(r"#icon-bin.*Deleted by customer", bubble)
    assert told(message)["deleted"] is True
    assert listed() == "Message deleted"


def test_the_newest_reaction_of_everybody_counts(
    say, shown, told, amend, organization, conversation
) -> None:
    message, ana = (
        say(text="Cake?"),
        factories.ContactFactory(organization=organization, name="Ana"),
    )
    amend(message, "reaction", emoji="🎉", minutes=3)
    amend(message, "reaction", emoji="👍", minutes=1)
    amend(message, "reaction", emoji="🎉", minutes=2, author_key=f"contact:{ana.pk}", contact=ana)
    amend(message, "reaction", emoji="😮", minutes=1, author_key="x")
    amend(message, "reaction", emoji="", minutes=2, author_key="x")
    amend(message, "reaction", emoji="❤️", author_key="phone_app", author_type="phone_app")
    chip = re.search(r'<span class="reactions".*', shown(message))[0]
    assert re.findall(r"<span>(.*?)</span>", chip) == ["❤️", "🎉"]
    assert 'class="number">3<' in chip
    assert 'title="Phone app ❤️, Ana 🎉, Carla Mendonça 🎉"' in chip
    assert told(message)["reactions"] == [
        {"emoji": "❤️", "by": {"type": "phone_app", "id": None, "name": ""}},
        {"emoji": "🎉", "by": {"type": "contact", "id": ana.pk, "name": "Ana"}},
        {
            "emoji": "🎉",
            "by": {"type": "contact", "id": conversation.contact_id, "name": "Carla Mendonça"},
        },
    ]


def test_a_reaction_taken_back_leaves_no_chip(say, shown, amend) -> None:
    message = say(text="Cake?")
    amend(message, "reaction", emoji="🎉", minutes=1)
    assert 'class="reactions"' in shown(message)
    amend(message, "reaction", emoji="", minutes=2)
    assert 'class="reactions"' not in shown(message)


@pytest.mark.parametrize(
    ("emoji", "later", "expected"),
    [
        ("👍", 1, "Reacted 👍 to: Até já!"),
        ("", 1, "Até já!"),
        ("👍", -1, "Até já!"),
    ],
)
def test_a_reaction_may_be_the_only_answer(say, listed, amend, emoji, later, expected) -> None:
    message = say(text="Até já!")
    conversation = message.conversation
    conversation.last_reaction = amend(message, "reaction", emoji=emoji)
    conversation.last_reaction_at = message.sort_at + timedelta(minutes=later)
    conversation.save()
    assert listed() == expected


def test_a_quoted_message_that_is_not_here_is_said_to_be_missing(say, shown) -> None:
    bubble = shown(say(text="This one", reply_to_provider_id="wamid.gone"))
    quote = re.search(r'<a class="quote".*?</a>', bubble, re.DOTALL)[0]
    assert "This message is not here." in quote
    assert "href" not in quote


def test_a_quoted_picture_is_named(say, shown) -> None:
    quoted = say("image")
    bubble = shown(say(text="This one", reply_to=quoted))
    assert re.search(rf'message={quoted.pk}#message-{quoted.pk}".*Carla Mendonça.*Photo', bubble)


def test_the_last_message_of_a_conversation_is_told_whole(
    say, amend, conversation, alice, client_of, django_assert_num_queries
) -> None:
    message = say("image")
    factories.MediaFactory(message=message)
    amend(message, "reaction", emoji="👍")
    browser = client_of(alice)
    # Session, user, membership; conversations, identities, labels; files and amendments.
    with django_assert_num_queries(3 + 3 + 2):
        answer = browser.get("/api/v1/conversations/").json()
    last = answer["results"][0]["last_message"]
    assert (len(last["media"]), last["reactions"][0]["emoji"]) == (1, "👍")


def test_an_answered_quote_is_named_in_the_composer(say, conversation, alice, client_of) -> None:
    voice = say("voice")
    address = f"/conversations/{conversation.pk}/?reply_to={voice.pk}"
    page = client_of(alice).get(address).content.decode()
    assert re.search(r"data-quote-strip>.*?Voice note", page, re.DOTALL)


def test_changes_come_with_the_same_pull(say, amend, conversation, alice, client_of) -> None:
    message = say(text="Cake?")
    answered(conversation, alice, "Yes")
    amend(message, "reaction", emoji="👍")
    models.Message.objects.filter(pk=message.pk).update(changed_seq=9)
    conversation.head_seq = 9
    conversation.save()
    address = f"/conversations/{conversation.pk}/messages/?after=2"
    page = client_of(alice).get(address, **FRAGMENT).content.decode()
    assert re.findall(r'id="message-(\d+)"', page) == [str(message.pk)]
    assert 'class="reactions"' in page
