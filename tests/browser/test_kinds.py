"""What customers send besides words, in a real browser: it arrives, opens, plays and stays put."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture
def send(demo):
    """A customer sends anything from the simulator; the answer is its wamid."""

    def post(phone: str, name: str, kind: str, body: Any, **extra: Any) -> str:
        fields = {"from": phone, "name": name, "type": kind, kind: body, **extra}
        request = urllib.request.Request(  # noqa: S310 - the simulator on this machine
            f"{demo.phone}/sim/inbound",
            data=json.dumps(fields).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return str(json.load(answer)["wamid"])

    return post


def open_conversation(page: Page, name: str) -> None:
    page.locator(".conversation", has_text=name).get_by_role("link").first.click()
    expect(page.locator("#thread .thread-name")).to_have_text(name)


def test_a_picture_arrives_and_opens_and_closes(send, log_in) -> None:
    who = {"phone": "351910000601", "name": "Inês Faria"}
    send(**who, kind="image", body={"caption": "Assim, por favor"})
    page = log_in("alice@example.com")
    open_conversation(page, "Inês Faria")
    picture = page.locator("[data-lightbox] img")
    expect(picture).to_have_js_property("complete", True)
    assert picture.get_attribute("alt") == "Assim, por favor"
    page.locator("[data-lightbox]").click()
    lightbox = page.get_by_role("dialog", name="Picture")
    expect(lightbox.locator("img")).to_be_visible()
    expect(lightbox.get_by_role("button", name="Close (Esc)")).to_be_focused()
    page.keyboard.press("+")
    expect(lightbox.locator(".lightbox-zoom")).to_have_text("2×")
    page.keyboard.press("Escape")
    expect(lightbox).to_be_hidden()
    expect(page.locator("#thread .thread-name")).to_have_text("Inês Faria")
    expect(page.locator("[data-lightbox]")).to_be_focused()


def test_a_picture_opens_on_a_telephone_too(send, log_in) -> None:
    for caption in ("Olha", "E este"):
        send("351910000602", "Vasco Reis", "image", {"caption": caption})
    page = log_in("bob@example.com", viewport={"width": 390, "height": 844})
    open_conversation(page, "Vasco Reis")
    expect(page.locator("[data-lightbox]")).to_have_count(2)
    page.locator("[data-lightbox]").first.click()
    expect(page.locator("#lightbox img")).to_be_visible()
    captions = {page.locator(".lightbox-caption").inner_text()}
    expect(page.get_by_role("button", name="Previous picture")).to_be_disabled()
    page.get_by_role("button", name="Next picture").click()
    captions.add(page.locator(".lightbox-caption").inner_text())
    assert captions == {"Olha", "E este"}
    expect(page.get_by_role("button", name="Next picture")).to_be_disabled()
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0


def test_without_javascript_a_picture_is_a_link(send, log_in) -> None:
    send("351910000603", "Olga Pinto", "image", {"caption": "Bolo"})
    waiting = log_in("alice@example.com")
    open_conversation(waiting, "Olga Pinto")
    expect(waiting.locator("[data-lightbox]")).to_be_visible()
    page = log_in("alice@example.com", java_script_enabled=False)
    page.get_by_role("link", name="Olga Pinto").click()
    address = page.locator("[data-lightbox]").get_attribute("href")
    assert page.request.get(page.url.split("/conversations")[0] + address).ok


def test_a_voice_note_plays_on_while_its_bubble_changes(send, log_in) -> None:
    phone, name = "351910000604", "Rita Sá"
    wamid = send(phone, name, "audio", {"voice": True})
    page = log_in("alice@example.com")
    open_conversation(page, name)
    audio = page.locator("voice-player audio")
    expect(page.locator("voice-player .voice-play")).to_be_visible()
    page.get_by_role("button", name="Speed").click()
    expect(page.get_by_role("button", name="Speed: 1.5×")).to_be_visible()
    audio.evaluate("sound => { sound.marked = true; sound.loop = true; return sound.play(); }")
    send(phone, name, "reaction", {"message_id": wamid, "emoji": "👍"})
    expect(page.locator(".reactions")).to_contain_text("👍")
    state = audio.evaluate("sound => [sound.marked, sound.paused, sound.playbackRate]")
    assert state == [True, False, 1.5]


@pytest.mark.parametrize(("anchor", "name"), [("auto", "Hugo Lima"), ("none", "Hugo Reis")])
def test_changes_above_do_not_move_what_is_read(send, log_in, anchor, name) -> None:
    """Some browsers keep the place by themselves; those that do not must not jump either."""
    phone = {"auto": "351910000605", "none": "351910000607"}[anchor]
    first = send(phone, name, "text", {"body": "The first of many"})
    for number in range(40):
        send(phone, name, "text", {"body": f"Line {number}"})
    page = log_in("alice@example.com")
    open_conversation(page, name)
    # Two of the same second may change places on their way.
    expect(page.locator("message-timeline > .message")).to_have_count(41)
    looked_at = page.locator(".message", has_text="Line 20")
    looked_at.scroll_into_view_if_needed()
    scroller = page.locator("#thread .region-scroll")
    scroller.evaluate("(each, anchor) => { each.style.overflowAnchor = anchor; }", anchor)
    scroller.evaluate("each => { each.scrollTop -= 200; }")
    before = looked_at.bounding_box()["y"]
    send(phone, name, "reaction", {"message_id": first, "emoji": "🎉"})
    expect(page.locator(".message", has_text="The first of many")).to_contain_text("🎉")
    assert abs(looked_at.bounding_box()["y"] - before) < 2
    expect(page.locator(".conversation", has_text=name)).to_contain_text("Reacted 🎉 to")


def test_a_former_text_stays_unfolded_while_its_bubble_changes(send, log_in) -> None:
    phone, name = "351910000606", "Sara Melo"
    wamid = send(phone, name, "text", {"body": "We are 20"})
    edited = {"original_message_id": wamid, "message": {"type": "text", "text": {"body": "24"}}}
    send(phone, name, "edit", edited)
    page = log_in("bob@example.com")
    open_conversation(page, name)
    page.get_by_text("Edited").click()
    expect(page.get_by_text("We are 20")).to_be_visible()
    send(phone, name, "reaction", {"message_id": wamid, "emoji": "🙏"})
    expect(page.locator(".reactions")).to_contain_text("🙏")
    expect(page.get_by_text("We are 20")).to_be_visible()
    send(phone, name, "revoke", {"original_message_id": wamid})
    expect(page.locator(".message[data-deleted]")).to_contain_text("Deleted by customer")
