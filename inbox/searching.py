"""Looking for something said, or for somebody: hits with the words that were found marked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.postgres.search import SearchHeadline, SearchQuery
from django.db.models import TextField, Value
from django.db.models.functions import Coalesce, Concat
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from inbox import access, contacts, faces, queries, search_rules, search_words, words
from messaging.models.message import FILENAME

if TYPE_CHECKING:
    from inbox.search_words import Wanted
    from messaging.models import Contact, Membership, Message

LONGEST = 200
MOST_PEOPLE = 8
PAGE = 30
# Characters that nobody types stand for the marks until everything else is escaped.
START, END = "\x02", "\x03"
MARKED = re.compile(f"{START}([^{START}{END}]*){END}")


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that was found, and the words around what was looked for."""

    message: Message
    name: str
    icon: str
    snippet: SafeString


@dataclass(frozen=True, slots=True)
class Found:
    """What a search brought; `cursor` is that of the next page of messages."""

    text: str
    people: tuple[tuple[Contact, str, str], ...]
    hits: tuple[Hit, ...]
    cursor: str


def cleaned(text: str) -> str:
    """What somebody looks for; Postgres keeps no NUL."""
    return " ".join(text.replace("\0", "").split())[:LONGEST]


def find(membership: Membership, text: str, *, before: str = "") -> Found:
    """People by name or number, on the first page, and messages by their words, newest first.

    Raises BadCursor.
    """
    text = cleaned(text)
    wanted = search_words.parse(text)
    if wanted == search_words.Wanted(""):
        return Found("", (), (), "")
    hits, cursor = _messages(membership, wanted, before)
    people = () if before or not wanted.words else _people(membership, wanted.words)
    return Found(text, people, hits, cursor)


def marked(headline: str) -> SafeString:
    """The headline with its marks as elements; whatever the customer wrote stays text."""
    text = MARKED.sub(r"<mark>\1</mark>", str(escape(headline)))
    # Everything but our own marks was escaped just before.
    return mark_safe(text.replace(START, "").replace(END, ""))  # noqa: S308


def _people(membership: Membership, text: str) -> tuple[tuple[Contact, str, str], ...]:
    rows = contacts.named(access.contacts(membership), text).prefetch_related("identities")
    found = rows.order_by("name", "pk")[:MOST_PEOPLE]
    return tuple((row, faces.contact_name(row), faces.contact_handle(row)) for row in found)


def _messages(membership: Membership, wanted: Wanted, before: str) -> tuple[tuple[Hit, ...], str]:
    said = Concat(
        "text",
        Value(" "),
        Coalesce(FILENAME, Value(""), output_field=TextField()),
        output_field=TextField(),
    )
    headline = SearchHeadline(
        said,
        SearchQuery(wanted.words, config="simple", search_type="websearch"),
        config="simple",
        start_sel=START,
        stop_sel=END,
        max_words=24,
        min_words=8,
    )
    rows = queries.search_messages(membership, wanted.words)
    for term in wanted.terms:
        rows = rows.filter(search_rules.condition(membership, term))
    parts = access.messages(membership).annotate(headline=headline)
    is_rare = queries.is_rare(membership, wanted.words)
    page = queries.page_of_found(rows, parts, is_rare=is_rare, before=before, limit=PAGE)
    hits = tuple(
        Hit(
            row,
            faces.contact_name(row.conversation.contact),
            words.kind_of(row.kind)[0],
            marked(row.headline),
        )
        for row in page.rows
    )
    return hits, page.cursor
