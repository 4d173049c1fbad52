"""Whatever a stranger writes stays text: on the page, in fragments, in the list."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.utils import timezone

from messaging import models
from tests import factories
from tests.inbox.conftest import FRAGMENT

pytestmark = pytest.mark.django_db

EVIL = "</p></script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7|add:7 }}"
PLACE = {"latitude": EVIL, "longitude": 1, "name": EVIL, "address": EVIL, "url": EVIL}
CARD = {
    "name": {"formatted_name": EVIL, "first_name": EVIL},
    "org": {"company": EVIL, "title": EVIL},
    "phones": [{"phone": EVIL, "type": EVIL}],
    "emails": [{"email": EVIL, "type": EVIL}],
    "addresses": [{"street": EVIL, "type": EVIL}],
    "urls": [{"url": EVIL}, {"url": f"https://x.example/{EVIL}"}, {"url": "javascript:alert(1)"}],
}
ORDER = {
    "text": EVIL,
    "product_items": [
        {"product_retailer_id": EVIL, "quantity": EVIL, "item_price": EVIL, "currency": EVIL},
        {"product_retailer_id": EVIL, "quantity": 1, "item_price": 1, "currency": EVIL},
    ],
}
REFERRAL = {"headline": EVIL, "body": EVIL, "source_url": f"https://x.example/{EVIL}"}
CONTEXT = {"forwarded": True, "referred_product": {"product_retailer_id": EVIL}}
FORM = {"response_json": json.dumps({EVIL: EVIL, "n": {EVIL: [EVIL]}}), "body": EVIL}
ERRORS = [{"code": EVIL, "title": EVIL, "error_data": {"details": EVIL}}]
OURS = re.compile(r"/(static|media)/|/$")
CASES: list[tuple[str, dict[str, Any]]] = [
    ("text", {"referral": REFERRAL, "context": CONTEXT, "errors": ERRORS}),
    ("location", {"location": PLACE}),
    ("contacts", {"contacts": [CARD]}),
    ("order", {"order": ORDER}),
    ("button", {"button": {"text": EVIL, "payload": EVIL}}),
    ("interactive", {"interactive": {"button_reply": {"title": EVIL, "id": EVIL}}}),
    ("interactive", {"interactive": {"list_reply": {"title": EVIL, "description": EVIL}}}),
    ("interactive", {"interactive": {"nfm_reply": FORM}}),
    ("interactive", {"interactive": {"call_permission_reply": {"response": EVIL}}}),
    ("system", {"system": {"type": EVIL, "body": EVIL, "wa_id": EVIL}}),
    ("system", {"system": {"type": "user_changed_number", "wa_id": EVIL}}),
    ("unsupported", {"unsupported": {"type": EVIL}, "errors": ERRORS}),
    ("unsupported", {"type": EVIL, EVIL: EVIL}),
    (EVIL[:40], {EVIL: EVIL}),
    ("document", {"document": {"filename": EVIL}}),
]


class Tags(HTMLParser):
    """What a browser would make of a page: what could run, and pictures from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.dangers: list[str] = []
        self.strangers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if (tag == "script" and not values.get("src")) or any(n.startswith("on") for n in values):
            self.dangers.append(f"{tag} {values}")
        for name in ("href", "src", "action"):
            if re.match(r"\s*(javascript|data):", values.get(name) or ""):
                self.dangers.append(f"{tag} {values}")
        if tag in {"img", "script", "audio", "video"} and not OURS.match(values.get("src") or "/"):
            self.strangers.append(f"{tag} {values}")


def judged(html: str) -> Tags:
    tags = Tags()
    tags.feed(html)
    return tags


@pytest.fixture
def everything(conversation, alice, client_of):
    """All that shows messages of the conversation: page, fragment, list and composer."""

    def show() -> dict[str, Tags]:
        browser, address = client_of(alice), f"/conversations/{conversation.pk}/"
        quoting = f"{address}?reply_to={conversation.last_message_id}"
        answers = {
            "page": browser.get(address),
            "fragment": browser.get(f"{address}messages/", **FRAGMENT),
            "list": browser.get("/", **FRAGMENT),
            "composer": browser.get(quoting, **FRAGMENT),
        }
        return {name: judged(answer.content.decode()) for name, answer in answers.items()}

    return show


@pytest.mark.parametrize("text", ["", EVIL])
@pytest.mark.parametrize(("kind", "content"), CASES)
def test_content_never_becomes_markup(say, everything, kind, content, text) -> None:
    say(kind, text, content=content)
    models.Contact.objects.update(name=EVIL[:200])
    for name, tags in everything().items():
        assert tags.dangers == [], name
        assert tags.strangers == [], name


def test_files_reactions_names_and_errors_never_become_markup(
    say, amend, conversation, organization, everything
) -> None:
    who = factories.ContactFactory(organization=organization, name=EVIL[:200])
    message = say("document", EVIL, sender=who, edited_at=timezone.now(), original={"text": EVIL})
    shared = {"filename": EVIL[:250], "error_title": EVIL, "mime_type": EVIL[:100]}
    factories.MediaFactory(message=message, state="failed", error_code="odd", **shared)
    factories.MediaFactory(message=message, position=1, stored=True, **shared)
    amend(message, "edit", text=EVIL)
    amend(message, "edit", text="now", minutes=2)
    conversation.last_reaction = amend(message, "reaction", emoji=EVIL[:64], contact=who)
    conversation.last_reaction_at = timezone.now()
    conversation.save()
    say(text="Answer", reply_to=message)
    for name, tags in everything().items():
        assert tags.dangers == [], name
        assert tags.strangers == [], name


@pytest.mark.parametrize("odd", [None, 7, True, "text", [], [[]], {}, [None], {"a": []}, 1.5])
@pytest.mark.parametrize(
    "kind",
    [
        *("text", "image", "location", "contacts", "order", "button", "interactive", "system"),
        *("unsupported", "reaction", "template", "brand_new"),
    ],
)
def test_nonsense_is_shown_as_something(say, shown, listed, kind, odd) -> None:
    names = {kind, "context", "referral", "errors", "unsupported"}
    bubble = shown(say(kind, content=dict.fromkeys(names, odd)))
    assert f'data-kind="{kind}"' in bubble
    assert listed()


@pytest.mark.parametrize("part", ["nfm_reply", "button_reply", "call_permission_reply"])
@pytest.mark.parametrize("odd", [None, 7, "text", [], {}, {"response": 1}, {"response_json": {}}])
def test_nonsense_in_answers_is_shown_as_something(say, shown, listed, part, odd) -> None:
    bubble = shown(say("interactive", content={"interactive": {part: odd, "type": odd}}))
    assert 'class="stamp"' in bubble
    assert listed()
