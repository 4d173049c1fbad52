"""What a reply carries beside words: files, a voice note, emoji; and the first word to somebody."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.acting import agree, choose, look_for_templates, open_conversation, write
from tests.messaging import samples

pytestmark = pytest.mark.browser
MICROPHONE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
PASTE = """async ([name, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
  const options = { clipboardData: data, bubbles: true, cancelable: true };
  document.getElementById("composer-text").dispatchEvent(new ClipboardEvent("paste", options));
}"""


def file(name: str, content: bytes, kind: str) -> dict[str, object]:
    return {"name": name, "mimeType": kind, "buffer": content}


def sent(page: Page, kind: str):
    """Bubbles of the server's own drawing."""
    return page.locator(f".message[id][data-direction=out][data-kind={kind}]")


def test_files_leave_in_order_and_one_is_called_off(demo, log_in):
    write(demo, "351910000881", "Inês Prado")
    alice = log_in("alice@example.com")
    open_conversation(alice, "Inês Prado")
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    alice.route("**/api/v1/uploads/", hold_first)
    photo = file("bolo.jpg", samples.picture(), "image/jpeg")
    paper = file("lista.pdf", b"%PDF-1.7\n" + bytes(64), "application/pdf")
    alice.set_input_files("#composer-files", [photo, paper, file("outra.pdf", b"%PDF", "")])
    expect(alice.get_by_text("Uploading 1 of 3")).to_be_visible()
    alice.get_by_role("button", name="Remove outra.pdf").click()
    held[0].continue_()
    alice.evaluate(PASTE, ["colado.png", list(samples.picture("PNG"))])
    expect(alice.locator("[data-tray-item][data-state=done]")).to_have_count(3)
    expect(alice.locator("[data-tray-item] img[src^='blob:']")).to_have_count(2)
    alice.fill("#composer-text", "Assim?")
    alice.press("#composer-text", "Enter")
    expect(alice.locator("[data-tray-item]")).to_have_count(0)
    expect(sent(alice, "image")).to_have_count(2)
    kinds = "all => all.map((each) => each.dataset.kind)"
    out = alice.locator(".message[id][data-direction=out]")
    assert out.evaluate_all(kinds) == ["image", "document", "image"]
    expect(out.first).to_contain_text("Assim?")
    expect(out.last).to_have_attribute("data-status", "read")


def test_a_voice_note_is_recorded_heard_and_sent(demo, launch_browser, problems):
    write(demo, "351910000882", "Rita Vaz")
    browser = launch_browser(args=["--no-sandbox", *MICROPHONE])
    page = browser.new_context(permissions=["microphone"]).new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{demo.inbox}/login/")
    page.fill("input[name=email]", "alice@example.com")
    page.fill("input[name=password]", "demo-inbox")
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{demo.inbox}/")
    open_conversation(page, "Rita Vaz")
    page.get_by_role("button", name="Record a voice note").click()
    expect(page.get_by_role("timer")).to_have_text("0:01")
    page.get_by_role("button", name="Stop and listen").click()
    item = page.locator("[data-tray-item][data-state=done]")
    expect(item.locator("audio")).to_have_attribute("src", re.compile("^blob:"))
    page.press("#composer-text", "Enter")
    expect(sent(page, "voice").locator("audio")).to_have_attribute("src", re.compile("/media/"))
    expect(sent(page, "voice")).to_have_attribute("data-status", "read")
    browser.close()


def test_emoji_and_reactions_need_no_mouse(demo, log_in):
    write(demo, "351910000883", "Nuno Reis")
    alice = log_in("alice@example.com")
    open_conversation(alice, "Nuno Reis")
    alice.focus("[data-emoji-open]")
    alice.keyboard.press("Enter")
    alice.get_by_label("Search emoji").fill("birthday")
    expect(alice.get_by_role("gridcell").first).to_have_text("🎂")
    alice.keyboard.press("ArrowDown")
    alice.keyboard.press("Enter")
    expect(alice.locator("#composer-text")).to_be_focused()
    expect(alice.locator("#composer-text")).to_have_value("🎂")
    theirs = alice.locator(".message[data-direction=in]").last
    for chips in (1, 0):
        theirs.locator("[data-react]").focus()
        alice.keyboard.press("Enter")
        alice.keyboard.press("Enter")
        expect(theirs.locator(".reactions", has_text="👍")).to_have_count(chips)
        expect(theirs.locator("[data-react]")).to_be_focused()
    alice.reload()
    expect(alice.locator(".message[data-direction=in]").last).to_be_visible()
    expect(alice.locator(".reactions")).to_have_count(0)


def test_the_first_word_to_a_number_is_a_template(demo, log_in):
    alice = log_in("alice@example.com")
    alice.keyboard.press("c")
    alice.get_by_label("To", exact=True).fill("+351 910 000 884")
    alice.get_by_role("button", name="New number").click()
    expect(alice.locator("#thread .thread-name")).to_have_text("+351 910 000 884")
    place = alice.url
    agree(alice)
    alice.goto(place)
    look_for_templates(alice)
    choose(alice, "order_ready")
    for field in alice.locator("#picker .picker-fields .input:visible").all():
        field.fill("42")
    alice.get_by_role("button", name="Send template").click()
    expect(sent(alice, "template")).to_have_attribute("data-status", "read")


def test_without_a_script_one_finds_somebody_and_sends_a_file(demo, log_in):
    write(demo, "351910000885", "Sofia Melo")
    plain = log_in("bob@example.com", java_script_enabled=False)
    expect(plain.get_by_role("link", name="Sofia Melo").first).to_be_visible()
    plain.goto(f"{demo.inbox}/conversations/new/?q=910000885")
    plain.locator("#start-found").get_by_role("link", name="Sofia Melo").click()
    plain.fill("#composer-text", "A lista")
    plain.set_input_files("input[name=file]", [file("a.pdf", b"%PDF-1.7\n", "application/pdf")])
    plain.get_by_role("button", name="Send", exact=True).first.click()
    expect(sent(plain, "document")).to_contain_text("A lista")
