"""What bubbles show of everything a customer can send."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests import factories

pytestmark = pytest.mark.django_db


def interactive(kind: str, **reply: Any) -> dict[str, Any]:
    return {"interactive": {"type": kind, kind: reply}}


def test_a_place_opens_elsewhere_and_only_when_asked(say, shown) -> None:
    place = {"latitude": 38.7167, "longitude": "-9.1333", "name": "Hotel", "address": "Graça 12"}
    bubble = shown(say("location", content={"location": place}))
    assert "Hotel" in bubble
    assert "Graça 12" in bubble
    assert "38.71670, -9.13330" in bubble
    assert 'href="https://www.openstreetmap.org/?mlat=38.716700&amp;mlon=-9.133300' in bubble
    assert bubble.count('target="_blank"') == bubble.count('rel="noopener noreferrer nofollow"')
    assert "<img" not in bubble


def test_contact_cards_can_be_copied(say, shown) -> None:
    card = {
        "name": {"formatted_name": "Lucía Gómez"},
        "org": {"company": "Google"},
        "phones": [{"phone": "+1 (983) 555-2319", "type": "MOBILE"}],
        "emails": [{"email": "lucia@example.com"}],
    }
    bubble = shown(say("contacts", content={"contacts": [card, {"phones": "none"}]}))
    for words in ("Lucía Gómez", "Google", "Mobile", "Contact without a name"):
        assert words in bubble
    assert re.findall(r'data-text="([^"]+)"', bubble) == ["+1 (983) 555-2319", "lucia@example.com"]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("button", {"button": {"payload": "p", "text": "At home"}}),
        ("interactive", interactive("button_reply", id="1", title="At home")),
        ("interactive", interactive("list_reply", id="1", title="At home", description="2 hours")),
    ],
)
def test_a_pressed_button_shows_its_title(say, shown, kind, content) -> None:
    bubble = shown(say(kind, "At home", content=content))
    assert '<b class="bubble-text">At home</b>' in bubble
    assert "#icon-reply" in bubble
    assert bubble.count("2 hours") == str(content).count("2 hours")


def test_an_answered_form_shows_answers_and_no_token(say, shown) -> None:
    answers = {"delivery_rating": 4, "news": True, "flow_token": "SECRET", "tags": ["a", "b"]}
    content = interactive("nfm_reply", body="Sent", response_json=json.dumps(answers))
    bubble = shown(say("interactive", content=content))
    pairs = re.findall(r"<dt[^>]*>(.*?)</dt><dd[^>]*>(.*?)</dd>", bubble)
    assert pairs == [("Delivery rating", "4"), ("News", "Yes"), ("Tags", "a, b")]
    assert "SECRET" not in bubble


@pytest.mark.parametrize("odd", ["{not json", "[1]", "null", "", None, 7])
def test_an_unreadable_form_shows_what_the_phone_showed(say, shown, odd) -> None:
    content = interactive("nfm_reply", body="Sent", response_json=odd)
    assert "Sent" in shown(say("interactive", content=content))


def test_an_order_is_added_up(say, shown, listed) -> None:
    items = [
        {"product_retailer_id": "NATA", "quantity": 12, "item_price": 1.3, "currency": "EUR"},
        {"product_retailer_id": "BROA", "quantity": "2", "item_price": "4.95", "currency": "EUR"},
    ]
    message = say("order", content={"order": {"product_items": items, "text": "Sem nozes"}})
    bubble = shown(message)
    for words in ("NATA", "15.60 EUR", "25.50 EUR", "14 ×", "Sem nozes"):
        assert words in bubble
    assert listed() == "Order: 2 products, 25.50 EUR"


def test_an_order_of_two_currencies_has_no_total(say, shown) -> None:
    items = [
        {"product_retailer_id": "A", "quantity": 1, "item_price": 1, "currency": currency}
        for currency in ("EUR", "JPY")
    ]
    bubble = shown(say("order", content={"order": {"product_items": items}}))
    assert "data-total" not in bubble
    assert ">1 JPY<" in bubble


@pytest.mark.parametrize(
    ("news", "expected"),
    [
        (
            {"type": "user_changed_number", "wa_id": "351912345678"},
            "Carla Mendonça changed their number to +351 912 345 678",
        ),
        ({"type": "customer_identity_changed"}, "The security code of Carla Mendonça changed"),
        ({"type": "novelty", "body": "Something else"}, "Something else"),
        ("nonsense", "News about this contact"),
    ],
)
def test_news_of_a_contact_is_a_line_not_a_bubble(say, shown, news, expected) -> None:
    line = shown(say("system", content={"system": news}))
    assert line.startswith('<p class="event"')
    assert expected in line


def test_where_somebody_came_from_stands_above_their_words(say, shown) -> None:
    referral = {"headline": "Chat with us", "body": "Summer!", "source_url": "https://fb.me/3"}
    picture = {"image_url": "https://scontent.example/x.jpg"}
    bubble = shown(say(text="Hello", content={"referral": referral | picture}))
    body = bubble.index("bubble-body")
    assert bubble.index("Chat with us") < bubble.index("Summer!") < body
    assert 'href="https://fb.me/3"' in bubble
    assert "scontent" not in bubble


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({"forwarded": True}, "Forwarded"),
        ({"forwarded": True, "frequently_forwarded": True}, "Forwarded many times"),
        ({"referred_product": {"product_retailer_id": "di9o"}}, "Asks about product di9o"),
    ],
)
def test_how_a_message_came_is_said(say, shown, context, expected) -> None:
    message = say(text="See", content={"context": context}, reply_to_provider_id="wamid.none")
    bubble = shown(message)
    label = re.search(r'class="bubble-label">.*?</p>', bubble, re.DOTALL)[0]
    assert re.sub(r"<[^>]+>", "", label.partition(">")[2]) == expected
    # What a product enquiry names is no message that could be missing.
    assert ("This message is not here." in bubble) is ("referred_product" not in context)


def test_something_to_be_seen_once_says_so(say, shown) -> None:
    assert "Meant to be seen once" in shown(say("image", content={"image": {"view_once": True}}))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            {"errors": [{"code": 131051}], "unsupported": {"type": "poll_creation"}},
            ["Poll", "does not pass this kind on; open it on the phone"],
        ),
        (
            {"errors": [{"code": 131060}], "unsupported": {"type": "media_placeholder"}},
            ["Photo, video or file", "could not hand this message over"],
        ),
        ({"errors": [{"code": 131051}], "unsupported": {"type": "pool"}}, ["calls it “pool”"]),
        ({"errors": [{"code": 9, "error_data": "Odd"}]}, ["problem with this message: Odd"]),
        ({"type": "brand_new", "brand_new": {}}, ["calls it “brand_new”", "Open it on the phone"]),
        ({}, ["a kind WhatsApp does not pass on", "Open it on the phone"]),
    ],
)
def test_what_whatsapp_does_not_pass_on_is_explained(say, shown, content, expected) -> None:
    bubble = shown(say("unsupported", content=content))
    assert "data-unknown" in bubble
    for words in expected:
        assert words in bubble


def test_an_error_hides_no_message(say, shown) -> None:
    bubble = shown(say(text="My words", content={"errors": [{"code": 131052}]}))
    assert "My words" in bubble
    assert "larger than 100 MB" in bubble


def test_a_placeholder_waits_for_its_content(say, shown, listed) -> None:
    assert "The content has not arrived" in shown(say("image", is_placeholder=True))
    assert listed() == "Not arrived yet"


def test_in_a_group_everybody_has_a_name(say, shown, told, listed, organization) -> None:
    ana = factories.ContactFactory(organization=organization, name="Ana Lopes")
    message = say(text="What do you think?", sender=ana)
    assert re.search(r'class="bubble-author">.*Ana Lopes', shown(message))
    assert told(message)["author"] == {"type": "contact", "id": ana.pk, "name": "Ana Lopes"}
    assert listed() == "Ana Lopes: What do you think?"


def test_neighbours_in_a_group_are_not_one_person(say, shown, organization) -> None:
    ana, rui = (factories.ContactFactory(organization=organization) for _ in range(2))
    at = timezone.now() - timedelta(hours=1)
    said = [say(text=".", sender=each, received_at=at) for each in (ana, ana, rui)]
    assert [" data-joined" in shown(each) for each in said] == [False, True, False]


def test_what_is_typed_on_the_phone_says_so(say, shown) -> None:
    message = say(text="On my way", direction="out", author_type="phone_app", status="sent")
    assert re.search(r"#icon-handset.*Phone app", shown(message))


def test_a_late_arrival_says_when_it_was_sent(say, shown) -> None:
    at = timezone.now() - timedelta(hours=5)
    assert re.search(
        r"Arrived late, sent at</span><local-time",
        shown(say(text="Late", sort_at=at, arrived_late=True)),
    )
