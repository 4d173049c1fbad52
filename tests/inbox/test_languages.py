"""Whose language counts: on pages, in mails, in rows that are pushed."""

from __future__ import annotations

import json
import re
from datetime import datetime
from html import unescape
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import translation
from django.utils.translation import trans_real

from alerts import evaluation
from config import translations
from inbox import coalescer, row_words, tickets
from inbox.models import AgentProfile
from messaging import models
from tests.inbox.conftest import FRAGMENT, asked
from tests.inbox.test_coalescer import ticket

pytestmark = pytest.mark.django_db
GERMAN, SPANISH = ({"accept-language": code} for code in ("de-CH,de;q=0.9", "es-MX,es;q=0.9"))


@pytest.fixture
def says(monkeypatch):
    """Spanish that does not depend on how far its catalogue is: every string is `¡so!`."""
    original = trans_real.gettext

    def gettext(message: str) -> str:
        is_spanish = message and translation.get_language() == "es"
        return f"¡{message}!" if is_spanish else original(message)

    row_words._said_in.cache_clear()
    # Django looks its functions up once, in a place that it keeps to itself.
    monkeypatch.setattr("django.utils.translation._trans.gettext", gettext)
    yield
    row_words._said_in.cache_clear()


def speaks(user: models.User, language: str) -> None:
    AgentProfile.objects.update_or_create(user=user, defaults={"language": language})


def language_of(page: Any) -> tuple[str, str]:
    found = re.search(r'<html lang="(\w+)" dir="(\w+)"', page.content.decode())
    assert found is not None
    return found[1], found[2]


@pytest.mark.parametrize(
    ("chosen", "asked_for", "shown"),
    [
        ("", SPANISH, ("es", "ltr")),
        ("", GERMAN, ("en", "ltr")),
        ("ar", SPANISH, ("ar", "rtl")),
        ("en", SPANISH, ("en", "ltr")),
        ("xx", SPANISH, ("es", "ltr")),
    ],
)
def test_what_somebody_chose_decides_else_the_browser(
    chosen, asked_for, shown, alice, client_of
) -> None:
    speaks(alice, chosen)
    page = client_of(alice).get("/", headers=asked_for)
    assert language_of(page) == shown
    assert page["Content-Language"] == shown[0]


def test_a_choice_costs_no_query(alice, client_of, django_assert_num_queries) -> None:
    browser = client_of(alice)
    browser.get("/bell/")
    with django_assert_num_queries(4):  # session, person with preferences, place, count
        browser.get("/bell/")
    speaks(alice, "pt")
    with django_assert_num_queries(4):
        browser.get("/bell/")


def test_strangers_choose_on_the_way_in_without_javascript() -> None:
    browser = Client()
    page = browser.get("/login/?next=/settings/profile/").content.decode()
    assert 'value="ar" lang="ar">العربية</button>' in page
    answer = browser.post(
        "/language/", {"language": "ar", "next": "/login/?next=/"}, headers=SPANISH
    )
    assert answer["Location"] == "/login/?next=/"
    assert language_of(browser.get("/login/", headers=SPANISH)) == ("ar", "rtl")
    assert (
        browser.post("/language/", {"language": "es", "next": "//evil.example/"})["Location"] == "/"
    )


def test_the_form_of_preferences_names_languages_in_themselves(alice, client_of) -> None:
    browser = client_of(alice)
    page = browser.get("/settings/profile/").content.decode()
    options = re.findall(r"<option value=\"(\w*)\"[^>]*>([^<]+)", page)
    assert options[0][0] == ""
    assert options[1:] == [
        ("en", "English"),
        ("es", "Español"),
        ("pt", "Português"),
        ("ar", "العربية"),
    ]
    fields = {"send_key": "enter", "rings_for": "mine", "language": "ar"}
    browser.post("/settings/profile/", fields)
    assert language_of(browser.get("/settings/profile/")) == ("ar", "rtl")


def test_fragments_errors_and_the_api_speak_as_the_page_does(
    says, open_conversation, alice, client_of
) -> None:
    speaks(alice, "es")
    browser = client_of(alice)
    fragment = browser.get(f"/conversations/{open_conversation.pk}/", **FRAGMENT)
    assert "¡" in fragment.content.decode()
    missing = browser.get("/conversations/999999/")
    assert missing.status_code == 404
    assert "¡There is nothing here!" in missing.content.decode()
    body = {"conversation": open_conversation.pk, "client_message_id": "a", "kind": "text"}
    refused = browser.post("/api/v1/messages/", body, "application/json")
    assert refused.status_code == 422
    assert "¡" in refused.content.decode()


def test_mails_are_in_their_readers_language(says, organization, alice, mallory) -> None:
    models.Membership.objects.filter(user=alice).update(role=models.Role.OWNER)
    speaks(alice, "en")
    speaks(mallory, "es")
    browser = Client()
    browser.force_login(alice)
    browser.post("/settings/members/", {"email": mallory.email, "role": "agent"})
    browser.post("/settings/members/", {"email": "new@example.com", "role": "agent"})
    Client().post("/password/reset/", {"email": mallory.email})
    to_mallory, to_new, reset = mail.outbox
    for mailed, is_spanish in ((to_mallory, True), (to_new, False), (reset, True)):
        assert ("¡" in mailed.subject, "¡" in mailed.body) == (is_spanish, is_spanish)
    assert [each.to for each in mail.outbox] == [
        [mallory.email],
        ["new@example.com"],
        [mallory.email],
    ]


def test_a_pushed_row_is_in_the_language_of_each_who_sees_it(
    says, channel, organization, alice, bob, conversation
) -> None:
    row = asked(conversation, "Olá")
    models.Conversation.objects.filter(pk=row.pk).update(changed_seq=1)
    models.OrganizationCounter.objects.update_or_create(
        organization=organization, defaults={"head_seq": 1}
    )
    viewers = [ticket(alice, "es"), ticket(bob, "en")]
    changes = coalescer.read_changes(organization.pk, 0, viewers)
    spanish, english = (json.loads(changes.frame(each))["rows"][0]["html"] for each in viewers)
    assert "¡" in spanish
    assert "¡" not in english
    assert translation.get_language() == "en"


def test_a_socket_ends_where_its_person_chose_another_language(alice, client_of) -> None:
    browser = client_of(alice)
    held = tickets.admit(scope_of(browser, alice))
    assert held is not None
    assert tickets.withdrawn([held]) == set()
    speaks(alice, "es")
    assert tickets.withdrawn([held]) == {held}
    anew = tickets.admit(scope_of(browser, models.User.objects.get(pk=alice.pk)))
    assert anew is not None
    assert (held.language, anew.language) == ("pt", "es")
    assert tickets.withdrawn([anew]) == set()


def scope_of(browser: Client, user: models.User) -> dict[str, Any]:
    """What a socket of this browser comes with."""
    return {"user": user, "session": browser.session, "headers": [(b"accept-language", b"pt-BR")]}


def test_what_is_stored_for_everybody_is_in_nobodys_language(says, monkeypatch) -> None:
    spoken = []

    def rule(now: datetime) -> list[Any]:
        spoken.append(translation.gettext("Open"))
        return []

    monkeypatch.setattr(evaluation, "RULES", {"spoken": rule})
    with translation.override("es"):
        evaluation.evaluate_rules()
    assert spoken == ["Open"]


PAGES = (
    "/",
    "/?view=mine",
    "/settings/profile/",
    "/settings/members/",
    "/settings/canned/",
    "/settings/keys/",
    "/help/keys/",
    "/contacts/",
    "/conversations/new/",
    "/conversations/{}/",
)


def test_no_page_mixes_languages_or_shows_what_stands_for_words(
    says, open_conversation, alice, client_of
) -> None:
    models.Membership.objects.filter(user=alice).update(role=models.Role.OWNER)
    speaks(alice, "es")
    browser = client_of(alice)
    known = {str(each.id) for each in translations.collected() if each.id}
    for address in PAGES:
        answer = browser.get(address.format(open_conversation.pk))
        assert answer.status_code == 200, address
        page = answer.content.decode()
        assert not re.search(r"__proxy__|functional\.lazy|&lt;django", page), address
        texts = {unescape(" ".join(each.split())) for each in re.findall(r">([^<>]+)<", page)}
        texts |= {unescape(each) for each in re.findall(r'(?:aria-label|title)="([^"]+)"', page)}
        assert texts & known == set(), address
