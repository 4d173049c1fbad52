"""Drafts: kept while somebody types, never undone by an older tab, gone with what was sent."""

from __future__ import annotations

from functools import partial

import pytest
from django.http import Http404

from inbox import draft_frames, drafts, realtime
from inbox.models import Draft
from messaging import models
from tests.inbox.conftest import FRAGMENT
from tests.outbound.news import together

pytestmark = pytest.mark.django_db


def typed(text: str, version: int = 0, mode: str = "reply") -> drafts.Typed:
    return drafts.Typed(mode=mode, text=text, version=version)


def member(user: models.User) -> models.Membership:
    return models.Membership.objects.select_related("user").get(user=user)


def keep(user: models.User, conversation: models.Conversation, *given, **named) -> int:
    return drafts.save(member(user), conversation.pk, typed(*given, **named))


def test_each_save_is_a_version_and_an_older_tab_undoes_nothing(open_conversation, alice) -> None:
    assert keep(alice, open_conversation, "Bom") == 1
    assert keep(alice, open_conversation, "Bom dia", 1) == 2
    with pytest.raises(drafts.Outdated) as refusal:
        keep(alice, open_conversation, "Boa", 1)
    assert refusal.value.draft.text == "Bom dia"
    assert Draft.objects.get().text == "Bom dia"


@pytest.mark.django_db(transaction=True)
def test_of_two_tabs_that_save_at_once_one_is_told(open_conversation, alice) -> None:
    first = partial(drafts.save, member(alice), open_conversation.pk, typed("one"))
    second = partial(drafts.save, member(alice), open_conversation.pk, typed("two"))
    results = together(first, second)
    assert sorted(type(each).__name__ for each in results) == ["Outdated", "int"]


def test_the_view_answers_with_the_version_or_with_what_is_newer(
    open_conversation, alice, client_of
) -> None:
    browser, address = client_of(alice), f"/conversations/{open_conversation.pk}/draft/"
    fields = {"mode": "reply", "text": "a\r\nb", "version": 0}
    assert browser.post(address, fields).json() == {"kept": True, "version": 1}
    late = browser.post(address, {**fields, "text": "c"})
    assert late.json() == {"kept": False, "version": 1, "text": "a\nb"}
    assert browser.post(address, {**fields, "mode": "shout"}).status_code == 422


def test_it_is_in_the_field_when_the_page_is_loaded_again(
    open_conversation, alice, client_of
) -> None:
    keep(alice, open_conversation, "Ainda a escrever")
    keep(alice, open_conversation, "Para a equipa", mode="note")
    page = client_of(alice).get(f"/conversations/{open_conversation.pk}/").content.decode()
    assert ">Ainda a escrever</textarea>" in page
    page = client_of(alice).get(f"/conversations/{open_conversation.pk}/?mode=note").content
    assert ">Para a equipa</textarea>" in page.decode()


def test_it_goes_with_the_reply_and_a_save_under_way_does_not_bring_it_back(
    open_conversation, alice, client_of
) -> None:
    keep(alice, open_conversation, "Sim, às 16h")
    fields = {"text": "Sim, às 16h.", "client_message_id": "d1"}
    sent = client_of(alice).post(
        f"/conversations/{open_conversation.pk}/reply/", fields, **FRAGMENT
    )
    assert sent.status_code == 201
    assert Draft.objects.get().text == ""
    with pytest.raises(drafts.Outdated):
        keep(alice, open_conversation, "Sim, às 16h", 1)


def test_a_first_save_that_comes_after_its_reply_is_too_late(
    open_conversation, alice, client_of
) -> None:
    fields = {"text": "Já", "client_message_id": "d2"}
    client_of(alice).post(f"/conversations/{open_conversation.pk}/reply/", fields, **FRAGMENT)
    with pytest.raises(drafts.Outdated):
        keep(alice, open_conversation, "Já")


def test_a_refused_reply_keeps_it(open_conversation, alice, client_of) -> None:
    keep(alice, open_conversation, "Sim")
    fields = {"text": "Sim", "client_message_id": "d3", "seen_seq": 0}
    refused = client_of(alice).post(
        f"/conversations/{open_conversation.pk}/reply/", fields, **FRAGMENT
    )
    assert refused.status_code == 409
    assert Draft.objects.get().text == "Sim"


def test_colleagues_see_it_beside_the_composer_and_on_the_row(
    open_conversation, alice, bob, client_of, listed
) -> None:
    keep(bob, open_conversation, "Olá Carla,\nsobre o bolo")
    keep(bob, open_conversation, "secret for the team", mode="note")
    page = client_of(alice).get(f"/conversations/{open_conversation.pk}/").content.decode()
    assert "Bob Fernandes has a draft here" in page
    assert "Olá Carla, sobre o bolo" in page
    assert "secret for the team" not in page
    assert "Draft by Bob Fernandes" in listed()
    keep(alice, open_conversation, "Eu respondo")
    assert "Draft: Eu respondo" in " ".join(listed().split())
    told = client_of(alice).get(f"/drafts/?ids={open_conversation.pk},x,999").json()
    said = {"own": "Eu respondo", "by": ["Bob Fernandes"]}
    assert told == {str(open_conversation.pk): said}


def test_nobody_keeps_or_reads_drafts_where_they_see_nothing(
    open_conversation, bob, mallory, client_of
) -> None:
    with pytest.raises(Http404):
        keep(mallory, open_conversation, "x")
    assert (
        client_of(mallory).get(f"/conversations/{open_conversation.pk}/drafts/").status_code == 404
    )
    keep(bob, open_conversation, "ours")
    assert client_of(mallory).get(f"/drafts/?ids={open_conversation.pk}").json() == {}


def test_others_are_told_whose_came_and_went_but_not_what_it_says(
    open_conversation, alice, monkeypatch, django_capture_on_commit_callbacks
) -> None:
    told: list[dict] = []
    monkeypatch.setattr(realtime, "push", lambda group, frame: told.append(frame))
    with django_capture_on_commit_callbacks(execute=True):
        keep(alice, open_conversation, "secret")
        keep(alice, open_conversation, "secret words", 1)
        keep(alice, open_conversation, "", 2)
    frames = [each for each in told if each["type"] == draft_frames.TYPE]
    assert [each["has_draft"] for each in frames] == [True, False]
    assert "secret" not in str(frames)
