"""A browser's timeline as tests play it: a stretch of bubbles, kept true by pulls alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from django.test import Client

from inbox import cursors

BUBBLE = re.compile(
    r'<(article|p) class="(?:message|event)" id="message-(\d+)".*?</\1>(?=\s*<|\s*$)', re.DOTALL
)


def attribute(html: str, name: str) -> str:
    found = re.search(rf' data-{name}="([^"]*)"', html)
    return found[1] if found else ""


@dataclass(frozen=True)
class Shown:
    """One bubble: its place, the number of its last change, and what it looks like."""

    place: tuple[object, int]
    changed: int
    html: str
    is_hidden: bool


def bubbles_of(page: str) -> dict[int, Shown]:
    found = {}
    for match in BUBBLE.finditer(page):
        opening = match[0].partition(">")[0]
        # What joins what is the browser's to say, and every form has a token of its own.
        html = re.sub(r' data-joined|name="csrfmiddlewaretoken" value="\w+"', "", match[0])
        found[int(match[2])] = Shown(
            cursors.decode(attribute(opening, "cursor")),
            int(attribute(opening, "changed")),
            html,
            opening.endswith(" hidden"),
        )
    return found


@dataclass
class Reader:
    """Follows the rules of static/js/arrange.js and stretch.js."""

    client: Client
    conversation_id: int
    bubbles: dict[int, Shown] = field(default_factory=dict)
    older: str = ""
    newer: str = ""
    head: int = 0
    goes_on: str = ""
    # The message at the top of what is seen; None where the end is.
    looks_at: int | None = None
    # How many were missed, each time that all had to be shown anew.
    missed: list[int] = field(default_factory=list)

    def get(self, query: str) -> str:
        address = f"/conversations/{self.conversation_id}/messages/?{query}"
        answer = self.client.get(address, headers={"HX-Request": "true"})
        assert answer.status_code == 200
        return str(answer.content.decode())

    def open(self, query: str = "") -> Reader:
        page = self.get(query)
        self._show(page)
        self.head = int(attribute(page, "head"))
        return self

    def more(self, *, above: bool) -> None:
        """Bring the next page on one side."""
        page = self.get(f"before={self.older}" if above else f"from={self.newer}")
        self.bubbles |= bubbles_of(page)
        if above:
            self.older = attribute(page, "before")
        else:
            self.newer = attribute(page, "from")
        self.head = min(self.head, int(attribute(page, "head")))

    def pull(self) -> None:
        page = self.get(f"after={self.head}")
        self.goes_on = attribute(page, "goes-on")
        if attribute(page, "born"):
            self._start_anew(page)
            return
        for pk, incoming in bubbles_of(page).items():
            old = self.bubbles.get(pk)
            if old and old.changed > incoming.changed:
                continue
            self.bubbles.pop(pk, None)
            if self.holds(incoming.place):
                self.bubbles[pk] = incoming
        self.head = max(self.head, int(attribute(page, "head")))

    def _start_anew(self, page: str) -> None:
        """Somebody at the end gets the newest; others what they look at, and its neighbours."""
        self.missed.append(int(attribute(page, "born")))
        head = int(attribute(page, "head"))
        around = f"message={self.looks_at or next(iter(self.bubbles))}"
        is_at_end = not self.newer and self.looks_at is None
        self._show(page if is_at_end else self.get(around))
        self.head = head

    def _show(self, page: str) -> None:
        self.bubbles = bubbles_of(page)
        self.older, self.newer = attribute(page, "before"), attribute(page, "from")

    def holds(self, place: tuple[object, int]) -> bool:
        """Whether a place is inside what is loaded."""
        is_older = bool(self.older) and place < cursors.decode(self.older)
        return not is_older and not (self.newer and place > cursors.decode(self.newer))

    def seen(self) -> list[tuple[int, str]]:
        """Bubbles as they stand, top to bottom."""
        ordered = sorted(self.bubbles.items(), key=lambda pair: pair[1].place)
        return [(pk, shown.html) for pk, shown in ordered if not shown.is_hidden]

    def fresh(self) -> list[tuple[int, str]]:
        """The same stretch as somebody gets who opens it now."""
        other = Reader(self.client, self.conversation_id).open()
        while other.older:
            other.more(above=True)
        other.bubbles = {pk: one for pk, one in other.bubbles.items() if self.holds(one.place)}
        return other.seen()
