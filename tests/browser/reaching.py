"""Every screen of the desk, and each state it can be in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from playwright.sync_api import FilePayload, Page, expect

from tests.browser.acting import ask, choose, open_conversation, write
from tests.browser.axe import State

PHONE, NAME = "351910000951", "Reach Ramos"
CLOSED_PHONE, CLOSED_NAME = "351910000952", "Closed Castro"
TEXT = "textarea[name=text]"
CLOSE = """() => {
  for (const each of document.querySelectorAll("details[open]")) each.open = false;
  for (const each of document.querySelectorAll("[popover]:popover-open")) each.hidePopover();
  for (const each of document.querySelectorAll("dialog[open]")) each.close();
}"""


ENDS = """() => {
  const verdict = '<div class="verdict"><p>Why it is so</p></div>';
  const ends = ["failed", "needs_review", "scheduled", "unsent", "pending"];
  document.querySelectorAll(".message[data-kind=text]").forEach((each, place) => {
    each.dataset.status = ends[place % ends.length];
    each.dataset.direction = "out";
    each.insertAdjacentHTML("beforeend", verdict);
  });
}"""


def seed(demo) -> None:
    """A conversation with a message of every kind, and one whose window is closed."""
    for body in KINDS:
        said = ask(f"{demo.phone}/sim/inbound", "POST", {"from": PHONE, "name": NAME, **body})
    reaction = {"type": "reaction", "reaction": {"message_id": said["wamid"], "emoji": "🎉"}}
    ask(f"{demo.phone}/sim/inbound", "POST", {"from": PHONE, **reaction})
    write(demo, CLOSED_PHONE, CLOSED_NAME, seconds_ago=26 * 3600)


KINDS: tuple[dict[str, Any], ...] = (
    {"type": "text", "text": {"body": "Bom dia! https://example.com/a/long/path?with=words"}},
    {"type": "text", "text": {"body": "صباح الخير، أريد طلب ٣٠ قطعة من pastéis de nata"}},
    *({"type": "text", "text": {"body": f"{number} pastéis"}} for number in range(3)),
    {"type": "image", "image": {"caption": "Assim, por favor"}},
    {"type": "video"},
    {"type": "voice"},
    {"type": "document"},
    {"type": "sticker"},
    {"type": "location"},
    {"type": "contacts"},
    {"type": "unsupported", "errors": [{"code": 131051, "title": "Message type unknown"}]},
)


def press(selector: str) -> Callable[[Page], None]:
    return lambda page: page.locator(f"{selector} >> visible=true").first.click()


def conversation(name: str) -> Callable[[Page], None]:
    return lambda page: open_conversation(page, name)


def outside() -> Iterator[State]:
    """What somebody sees who is not logged in."""
    yield State("login", "/login/")
    yield State("password reset", "/password/reset/")
    yield State("password reset sent", "/password/reset/sent/")
    yield State("password of no link", "/password/reset/MQ/set-password/")
    yield State("password reset complete", "/password/reset/complete/")
    yield State("no invitation", "/invitations/nothing/", status=404)


def pages() -> Iterator[State]:
    """Lists, settings and pages that say why not."""
    yield State("view all", "/?view=all")
    for view in ("mine", "unassigned", "needs-reply", "closing", "mentions", "snoozed"):
        yield State(f"view {view}", f"/?view={view}", within="#list")
    yield State("view resolved", "/?view=resolved&unread=1&priority=high", within="#list")
    yield State("views on a telephone", "/?region=sidebar")
    yield State("contacts", "/contacts/")
    yield State("canned replies", "/settings/canned/")
    yield State("preferences", "/settings/profile/")
    yield State("keys", "/help/keys/")
    yield State("palette", "/", palette)
    yield State("organisations", "/organizations/")
    yield State("search", "/search/?q=bom")
    yield State("nothing found", "/search/?q=zzzz")
    yield State("new conversation", "/conversations/new/")
    yield State("not found", "/conversations/999999/", status=404)


def managing() -> Iterator[State]:
    yield State("members", "/settings/members/")


def desk() -> Iterator[State]:
    """The open conversation, and everything that opens over or beside it."""
    yield State("canned reply", "/settings/canned/", write_canned)
    yield State("conversation", "/", conversation(NAME))
    for menu in ("assign", "labels", "priority", "snooze", "more"):
        yield State(f"menu {menu}", "", unfold(menu), within="#thread-tools")
    yield State("filters", "", press("summary[aria-label=Filter]"), within="#list")
    yield State("orders", "", press("summary[aria-label=Sort]"), within="#list")
    yield State("emoji", "", emoji, within="emoji-picker")
    yield State("canned", "", canned, within="#composer")
    yield State("send later", "", send_later, within="#send-later")
    yield State("message menu", "", message_menu, within="#tools-menu")
    yield State("x-ray", "", x_ray, within="#x-ray")
    yield State("lightbox", "", lightbox, within="#lightbox")
    yield State("tray", "", tray, within="#composer")
    yield State("choices", "", press("[aria-label='Buttons or a list']"), within="#answer")
    yield State("quote", "", quote, within="#composer")
    yield State("note", "", note, within="#composer")
    yield State("selected", "", selected, within="#list")
    yield State("strips", "", strips)
    yield State("ends", "", ends, within="#timeline")
    yield State("contact", "", contact, within="#panel")
    yield State("merge", "", merge)
    yield State("closed window", "/", conversation(CLOSED_NAME))
    yield State("template", "", template, within="#answer")


def write_canned(page: Page) -> None:
    if page.get_by_text("/hours").count():
        return
    page.fill("input[name=shortcut]", "hours")
    page.fill("textarea[name=text]", "From 7:30 to 19:00, {{contact.first_name}}.")
    page.locator("form:has(textarea[name=text]) button[type=submit]").click()
    expect(page.locator(".people-row", has_text="/hours")).to_be_visible()


def unfold(menu: str) -> Callable[[Page], None]:
    script = "menu => { document.querySelector(`#thread-tools [data-menu=${menu}]`).open = true; }"
    return lambda page: page.evaluate(script, menu)


def palette(page: Page) -> None:
    expect(page.locator("html[data-ready]")).to_be_attached()
    page.keyboard.press("Control+k")
    expect(page.locator("dialog .palette")).to_be_visible()


def put_away(page: Page) -> None:
    """Close whatever lies over the page."""
    page.evaluate(CLOSE)


def emoji(page: Page) -> None:
    put_away(page)
    page.locator("[data-emoji-open]").click()
    expect(page.locator("emoji-picker [role=option], emoji-picker button").first).to_be_visible()


def canned(page: Page) -> None:
    put_away(page)
    page.fill(TEXT, "")
    page.locator(TEXT).press_sequentially("/ho")
    expect(page.locator("#composer-suggestions")).to_be_visible()


def send_later(page: Page) -> None:
    page.fill(TEXT, "Até já")
    page.locator("[data-later-open]").click()
    expect(page.locator("#send-later")).to_be_visible()


def message_menu(page: Page) -> None:
    put_away(page)
    last = page.locator(".message[data-kind=document]").last
    last.hover()
    last.locator("[data-message-menu]").click()
    expect(page.locator("#tools-menu")).to_be_visible()


def x_ray(page: Page) -> None:
    page.locator("#tools-menu [data-do=x-ray]").click()
    expect(page.locator("#x-ray .x-ray")).to_be_visible()


def lightbox(page: Page) -> None:
    put_away(page)
    page.locator("[data-lightbox]").first.click()
    expect(page.locator("#lightbox img")).to_be_visible()


def tray(page: Page) -> None:
    put_away(page)
    words = FilePayload(name="bolo.txt", mimeType="text/plain", buffer=b"bolo")
    page.locator("#composer-files").set_input_files([words])
    expect(page.locator("[data-tray-item]")).to_be_visible()


def quote(page: Page) -> None:
    page.reload()
    first = page.locator(".message[data-direction=in]").first
    first.hover()
    first.locator("[data-quote]").click()
    expect(page.locator("[data-quote-strip]")).to_be_visible()


def note(page: Page) -> None:
    page.locator("#composer [data-mode-tab=note]").click()
    page.locator(TEXT).press_sequentially("@")
    expect(page.locator("#composer-suggestions")).to_be_visible()


def selected(page: Page) -> None:
    page.fill(TEXT, "")
    page.locator(".conversation-check").first.check(force=True)
    expect(page.locator(".bulk")).to_be_visible()


def strips(page: Page) -> None:
    """Every one-line notice at once: they share their colours, not their moment."""
    page.locator(".conversation-check").first.uncheck(force=True)
    page.evaluate("document.querySelectorAll('.strip').forEach(each => each.hidden = false)")


def ends(page: Page) -> None:
    """Bubbles in the colours of everything that can become of them."""
    page.evaluate("document.querySelectorAll('.live-status .strip').forEach(e => e.hidden = true)")
    page.evaluate(ENDS)


def contact(page: Page) -> None:
    page.reload()
    page.get_by_role("link", name="Contact", exact=True).click()
    expect(page.locator("#contact-head")).to_be_visible()
    page.evaluate("document.querySelectorAll('#panel details').forEach(each => each.open = true)")


def merge(page: Page) -> None:
    page.get_by_role("link", name="Merge with another contact").click()
    expect(page.locator(".desk-page")).to_be_visible()


def template(page: Page) -> None:
    expect(page.locator("#picker-form")).to_be_visible()
    if page.locator("#picker [data-template-name=order_ready]").count():
        choose(page, "order_ready")
