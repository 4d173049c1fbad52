"""Ten thousand messages in a real browser: a hundred or so in the page, and nothing jumps."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from playwright.sync_api import Page, Route, expect

from inbox.processes.state import BASE_DIR
from tests.browser.acting import write
from tests.demo import OURS

pytestmark = pytest.mark.browser
MANY = 10_000
FILL = """
from datetime import timedelta
from django.utils import timezone
from messaging.models import *
channel = Channel.objects.order_by("pk").first(); house = channel.organization
contact = Contact.objects.create(organization=house, name="Longa Conversa")
ContactIdentity.objects.create(contact=contact, organization=house, kind="phone",
    value="351910000971", canonical_key="351910000971")
start = timezone.now() - timedelta(minutes=7 * COUNT)
talk = Conversation.objects.create(organization=house, channel=channel, contact=contact)
rows = [Message(organization=house, conversation=talk, channel=channel, seq=n, changed_seq=n,
    direction="in", kind="text", text=f"Line {n}. " + "palavra " * (n * 7 % 40),
    author_type="contact", provider_id=f"wamid.many.{n}", status="received",
    received_at=start + timedelta(minutes=7 * n), sort_at=start + timedelta(minutes=7 * n))
    for n in range(1, COUNT + 1)]
Message.objects.bulk_create(rows, batch_size=2000)
last = rows[-1]
Message.objects.filter(pk=last.pk).update(reply_to=rows[COUNT // 2 - 1])
Conversation.objects.filter(pk=talk.pk).update(head_seq=COUNT, inbound_count=COUNT,
    last_message=last, last_message_at=last.sort_at, last_activity_at=last.sort_at,
    window_expires_at=last.sort_at + timedelta(hours=24), waiting_since=last.sort_at)
print("pk", talk.pk, rows[2999].pk)
"""
# Scrolls by `step` until `count` more messages went by; the most bubbles seen, the worst jump of
# what stands in the middle, and the numbers at both ends.
SCROLL = """async ([step, count]) => {
  const scroller = document.querySelector("#thread .region-scroll");
  const all = () => [...document.querySelectorAll("message-timeline > [data-message]")];
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const edge = () => Number(all().at(step < 0 ? 0 : -1).dataset.seq);
  const start = edge();
  let most = 0, worst = 0;
  for (let turn = 0; turn < 600 && Math.abs(edge() - start) < count; turn += 1) {
    const middle = all().find((each) => each.getBoundingClientRect().top > 300) ?? all().at(-1);
    const [top, at] = [middle.getBoundingClientRect().top, scroller.scrollTop];
    scroller.scrollTop += step;
    const wanted = top - (scroller.scrollTop - at);
    await frame();
    await frame();
    most = Math.max(most, all().length);
    const moved = Math.abs(middle.getBoundingClientRect().top - wanted);
    if (middle.isConnected) worst = Math.max(worst, moved);
  }
  return [most, worst, Math.abs(edge() - start)];
}"""

# Marks every bubble; the id and the place of the first one that is seen.
LOOK = """(up) => {
  const scroller = document.querySelector("#thread .region-scroll");
  scroller.scrollTop -= up;
  const all = [...document.querySelectorAll("message-timeline > [data-message]")];
  for (const each of all) each.dataset.old = "";
  const top = scroller.getBoundingClientRect().top;
  const seen = all.find((each) => each.getBoundingClientRect().bottom > top);
  return [seen.id, seen.getBoundingClientRect().top];
}"""
PLACE = "(id) => document.getElementById(id).getBoundingClientRect().top"


def behind(route: Route) -> None:
    """The page as somebody has it who missed the last thousand messages."""
    page = route.fetch()
    stale = re.sub(r'(<message-timeline[^>]* data-head=")\d+', r"\g<1>9000", page.text())
    route.fulfill(response=page, body=stale)


@pytest.fixture(scope="module")
def many(demo) -> tuple[int, int]:
    """The conversation, and its message 3,000."""
    code = FILL.replace("COUNT", str(MANY))
    environment = {key: value for key, value in os.environ.items() if key not in OURS}
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", code],
        env={**environment, "DATA_DIR": str(demo.folder), "PORT": str(demo.port)},
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    _, conversation, message = done.stdout.split()[-3:]
    return int(conversation), int(message)


@pytest.fixture
def page(demo, many, log_in) -> Page:
    opened = log_in("alice@example.com")
    opened.goto(f"{demo.inbox}/conversations/{many[0]}/")
    expect(opened.locator(".message", has_text="Line 10000.")).to_be_in_viewport()
    return opened


def test_scrolling_far_keeps_the_page_light_and_the_place_still(page) -> None:
    # Down again there are as many fewer as stay in the page.
    for step, count in ((-300, 400), (300, 280)):
        most, worst, passed = page.evaluate(SCROLL, [step, count])
        assert most <= 150
        assert worst <= 1
        assert passed >= count


def test_a_quote_and_a_date_are_gone_to_and_the_pill_leads_back(demo, page) -> None:
    page.locator(".quote[data-jump]").click()
    expect(page.locator(".message[data-found]")).to_contain_text("Line 5000.")
    expect(page.locator(".message[data-found]")).to_be_in_viewport()
    write(demo, "351910000971", "Longa Conversa")
    pill = page.locator("a.newer")
    expect(pill).to_contain_text("1 new")
    expect(page.locator(".message", has_text="Bom dia")).to_have_count(0)
    pill.click()
    expect(page.locator(".message", has_text="Bom dia")).to_be_in_viewport()
    expect(pill).to_be_hidden()
    page.get_by_role("button", name="Go to a date").click()
    page.fill("#date-jump-at", "2001-01-01")
    page.get_by_role("button", name="Go", exact=True).click()
    expect(page.locator(".message", has_text="Line 1.")).to_be_in_viewport()


def _until_asked(page: Page, held: list[Route]) -> None:
    for _ in range(600):
        if held:
            return
        page.wait_for_timeout(50)
    raise AssertionError("nothing was asked for")


# Each as somebody who has not been here: where one has read to is where the next visit begins.
@pytest.mark.parametrize(("who", "up"), [("bob", 0), ("admin", 900)])
def test_a_thousand_missed_messages_come_at_once_and_whoever_reads_above_stays(
    demo, many, log_in, who, up
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page = log_in(f"{who}@example.com")
    page.route(f"**/conversations/{many[0]}/", behind)
    page.route("**/messages/?after=9000*", hold)
    page.goto(f"{demo.inbox}/conversations/{many[0]}/")
    page.wait_for_function("document.documentElement.dataset.ready === ''")
    _until_asked(page, held)  # the socket says how far it is by now
    seen, top = page.evaluate(LOOK, up)
    held[0].continue_()
    expect(page.locator("message-timeline > [data-old]")).to_have_count(0)
    bubbles = page.locator("message-timeline > [data-message]")
    assert bubbles.count() <= 150
    if up:
        expect(page.locator("a.newer")).to_contain_text(re.compile(r"\b10\d\d new"))
        assert abs(page.evaluate(PLACE, seen) - top) <= 1
        page.locator("a.newer").click()
    expect(bubbles.last).to_be_in_viewport()
    expect(page.locator(".message", has_text="Line 10000.")).to_have_count(1)


def test_a_hit_opens_where_it_stands_without_scripts_too(demo, many, log_in) -> None:
    page = log_in("alice@example.com", java_script_enabled=False)
    page.goto(f"{demo.inbox}/conversations/{many[0]}/?message={many[1]}")
    expect(page.locator(".message[data-found]")).to_contain_text("Line 3000.")
    page.get_by_role("link", name="Later messages").click()
    expect(page.locator(".message", has_text="Line 3050.")).to_have_count(1)
    page.get_by_role("link", name="Back to newest").click()
    expect(page.locator(".message", has_text="Line 10000.")).to_have_count(1)
