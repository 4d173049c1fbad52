"""What is pictured: each screen and state of the desk, and how to come there from the inbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.screenshots import staging
from tests.screenshots.staging import Stage

TEXT = "textarea[name=text]"
WIDTHS = (1440, 1024, 390)
SETTLED = 600  # milliseconds until what slides has slid

Steps = Callable[[Page, Stage], None]


def _nothing(page: Page, stage: Stage) -> None:
    """It is there already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """`who` is the customer whose conversation is opened, else `path` is; `steps` come after."""

    name: str
    path: str = "/"
    who: tuple[str, str] | None = None
    steps: Steps = _nothing
    is_public: bool = False
    by: str = "alice"
    language: str = "en"
    widths: tuple[int, ...] = WIDTHS


def press(*keys: str) -> Steps:
    """Keys, outside fields."""

    def steps(page: Page, stage: Stage) -> None:
        page.evaluate("document.activeElement?.blur()")
        for key in keys:
            page.keyboard.press(key)

    return steps


def click(selector: str) -> Steps:
    """The first such thing that can be seen, otherwise by the page's own hand."""

    def steps(page: Page, stage: Stage) -> None:
        found = page.locator(selector).first
        found.click() if found.is_visible() else found.dispatch_event("click")

    return steps


def typed(text: str, *, mode: str = "") -> Steps:
    """Words in the composer."""

    def steps(page: Page, stage: Stage) -> None:
        if mode:
            press(mode)(page, stage)
        page.fill(TEXT, "")  # the draft of another width
        page.locator(TEXT).press_sequentially(text)

    return steps


def _offline(page: Page, stage: Stage) -> None:
    page.context.set_offline(True)
    page.wait_for_timeout(SETTLED)
    page.fill(TEXT, "Já vou ver e digo-lhe.")
    page.press(TEXT, "Enter")


def _held(page: Page, stage: Stage) -> None:
    place = stage.conversation(staging.HOTEL)
    stage.api(f"conversations/{place}/lock/", {}, by="bob")
    page.reload()


def _canned(page: Page, stage: Stage) -> None:
    """What a slash offers, with a first reply to choose."""
    here = page.url
    page.goto(f"{stage.demo.inbox}/settings/canned/")
    if not page.locator(".people-row", has_text="/hours").count():
        page.fill("#id_shortcut", "hours")
        page.fill("#id_text", "Olá {{contact.first_name}}! Estamos abertos das 7h às 20h.")
        page.get_by_role("button", name="Keep").click()
    page.goto(here)
    typed("/")(page, stage)


def _unseen(page: Page, stage: Stage) -> None:
    """Customers write while the page does not hear of it, and the agent sends."""
    page.fill(TEXT, "Sim, a broa sai às 11h.")
    page.route("**/messages/?after=*", lambda route: route.abort())
    stage.write(staging.INES, "text", {"body": "Afinal preciso de dois bolos"})
    page.wait_for_timeout(2 * SETTLED)
    page.press(TEXT, "Enter")


def _selected(page: Page, stage: Stage) -> None:
    for row in page.locator(".conversation").all()[:3]:
        row.hover()
        row.locator("input[type=checkbox]").check(force=True)


def _picture(page: Page, stage: Stage) -> None:
    page.locator("[data-lightbox]").first.click()


def _template(page: Page, stage: Stage) -> None:
    page.goto(page.url.split("?")[0] + "template/")


def _x_ray(page: Page, stage: Stage) -> None:
    number = str(page.locator(".message[id]").last.get_attribute("id")).split("-")[-1]
    page.goto(f"{stage.demo.inbox}/messages/{number}/x-ray/")


def _compact(page: Page, stage: Stage) -> None:
    page.evaluate("document.documentElement.dataset.density = 'compact'")


SCENES = (
    Scene(name="login", path="/login/", is_public=True),
    Scene(name="password-reset", path="/password/reset/", is_public=True),
    Scene(name="inbox"),
    Scene(name="inbox-unassigned", path="/?view=unassigned"),
    Scene(name="inbox-empty", path="/?view=drafts"),
    Scene(name="inbox-selected", steps=_selected, widths=(1440, 1024)),
    Scene(name="inbox-filters", steps=click(".list-menu > summary")),
    Scene(name="views", path="/?region=sidebar", widths=(390,)),
    Scene(name="search", path="/search/?q=bolo"),
    Scene(name="search-nothing", path="/search/?q=zebra"),
    Scene(name="conversation", who=staging.MARTA),
    Scene(name="conversation-kinds", who=staging.INES),
    Scene(name="conversation-failed", who=staging.RUI),
    Scene(name="conversation-long-name", who=staging.LONG),
    Scene(name="conversation-arabic-text", who=staging.YOUSEF),
    Scene(name="conversation-compact", who=staging.MARTA, steps=_compact),
    Scene(name="window-closing", who=staging.TIAGO),
    Scene(name="window-closed", who=staging.CLARA),
    Scene(name="template", who=staging.MARTA, steps=_template),
    Scene(name="reply", who=staging.MARTA, steps=typed("Fica tudo pronto às 16h.")),
    Scene(name="note", who=staging.MARTA, steps=typed("@bo", mode="n")),
    Scene(name="canned", who=staging.MARTA, steps=_canned),
    Scene(name="offline", who=staging.MARTA, steps=_offline),
    Scene(name="held", who=staging.HOTEL, steps=_held),
    Scene(name="unseen", who=staging.INES, steps=_unseen),
    Scene(name="assign", who=staging.MARTA, steps=press("a")),
    Scene(name="snooze", who=staging.MARTA, steps=press("s")),
    Scene(name="labels", who=staging.MARTA, steps=press("l")),
    Scene(name="new-conversation", path="/conversations/new/"),
    Scene(name="picture", who=staging.INES, steps=_picture),
    Scene(name="panel", who=staging.MARTA, steps=click("[data-panel-open]")),
    Scene(name="x-ray", who=staging.MARTA, steps=_x_ray, by="admin"),
    Scene(name="palette", who=staging.MARTA, steps=press("Control+k")),
    Scene(name="keys", who=staging.MARTA, steps=press("Shift+Slash")),
    Scene(name="contacts", path="/contacts/"),
    Scene(name="canned-replies", path="/settings/canned/"),
    Scene(name="profile", path="/settings/profile/"),
    Scene(name="members", path="/settings/members/", by="admin"),
    Scene(name="not-found", path="/nothing/here/"),
    Scene(name="inbox-spanish", who=staging.MARTA, language="es"),
    Scene(name="inbox-portuguese", who=staging.MARTA, language="pt"),
    Scene(name="inbox-arabic", who=staging.YOUSEF, language="ar"),
)


def chosen(names: list[str]) -> Iterator[Scene]:
    """Those whose names begin so; all where none is named."""
    for scene in SCENES:
        if not names or any(scene.name.startswith(name) for name in names):
            yield scene
