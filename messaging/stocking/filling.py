"""Stories become rows: one transaction, by COPY, messages of all conversations in turn.

Foreign keys are not checked while it runs, which only a superuser of the database may ask for.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from messaging.sql import execute
from messaging.stocking import words
from messaging.stocking.plan import WINDOW, Casts, Story

# Costs more while it is filled than when it is made anew.
SEARCH_INDEX = "message_search"
MESSAGE = (
    "id, organization_id, conversation_id, channel_id, seq, changed_seq, direction, kind, text,"
    " content, author_type, author_id, provider_id, received_at, sort_at, arrived_late, status,"
    " error_code, error_title, reply_to_provider_id"
)
CONVERSATION = (
    "id, organization_id, channel_id, contact_id, state, assignee_id, team_id, priority, head_seq,"
    " changed_seq, inbound_count, window_expires_at, waiting_since, snoozed_until,"
    " last_activity_at, last_message_id, last_message_at, created_at"
)
CONTACT = "id, organization_id, name, created_at"
IDENTITY = "organization_id, contact_id, scope, kind, value, canonical_key, created_at"
Row = Sequence[Any]


def fill(stories: Sequence[Story], casts: Casts, now: datetime) -> range:
    """Write the stories; the ids of their conversations, in the order of the stories."""
    total = sum(story.messages for story in stories)
    with transaction.atomic():
        execute("SET LOCAL session_replication_role = replica")
        execute("SET LOCAL statement_timeout = 0")
        contacts = _reserve("messaging_contact", len(stories))
        conversations = _reserve("messaging_conversation", len(stories))
        messages = _reserve("messaging_message", total)
        people = [
            (contacts[s.place], casts.organization, words.name_of(s.place), now) for s in stories
        ]
        _copy("messaging_contact", CONTACT, people)
        _copy("messaging_contactidentity", IDENTITY, _identities(casts, contacts, now))
        index = execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [SEARCH_INDEX])
        execute(f"DROP INDEX {SEARCH_INDEX}")
        newest: dict[int, int] = {}
        _copy(
            "messaging_message", MESSAGE, _messages(stories, casts, conversations, messages, newest)
        )
        first_number = _take_numbers(casts.organization, len(stories))
        rows = _conversations(stories, casts, (conversations, contacts), newest, first_number, now)
        _copy("messaging_conversation", CONVERSATION, rows)
        _copy(
            "messaging_conversation_labels",
            "conversation_id, label_id",
            _labels(stories, conversations),
        )
        _copy(
            "messaging_episode",
            "conversation_id, opened_at, resolved_at",
            _episodes(stories, conversations),
        )
        execute(index[0][0])
    execute("ANALYZE")
    return conversations


def _reserve(table: str, count: int) -> range:
    """Ids that nothing else will get."""
    name = f"pg_get_serial_sequence('{table}', 'id')"
    last = execute(f"SELECT setval({name}, nextval({name}) + %s)", [count])[0][0]
    return range(last - count, last)


def _take_numbers(organization_id: int, count: int) -> int:
    """The first of `count` numbers of the organisation's sequence."""
    sql = (
        "UPDATE messaging_organizationcounter SET head_seq = head_seq + %s"
        " WHERE organization_id = %s RETURNING head_seq"
    )
    return int(execute(sql, [count, organization_id])[0][0]) - count + 1


def _copy(table: str, columns: str, rows: Iterator[Row] | Sequence[Row]) -> None:
    with connection.cursor() as cursor:
        driver: Any = cursor.cursor  # psycopg's own, which Django does not know the COPY of
        with driver.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def _identities(casts: Casts, contacts: range, now: datetime) -> Iterator[Row]:
    for place, contact in enumerate(contacts):
        number = f"3517{place:08d}"
        yield (casts.organization, contact, "", "phone", number, number, now)


def _messages(
    stories: Sequence[Story],
    casts: Casts,
    conversations: range,
    ids: range,
    newest: dict[int, int],
) -> Iterator[Row]:
    """Oldest first over all conversations, as they would have come; notes the last of each."""
    texts = words.phrases()
    for pk, (at, place, seq) in zip(ids, _in_turn(stories), strict=True):
        newest[place] = pk
        text = texts[pk * 7919 % len(texts)] + words.rare(pk)
        said = _said(stories[place], seq, pk, text)
        moment = datetime.fromtimestamp(at, UTC)
        author = None if said[0] == "in" else stories[place].assignee or casts.agents[0]
        yield (
            *(pk, casts.organization, conversations[place], stories[place].channel, seq, seq),
            *said[:5],
            author,
            f"wamid.history.{pk}",
            *(moment, moment, False),
            *said[5:],
        )


def _in_turn(stories: Sequence[Story]) -> Iterator[tuple[float, int, int]]:
    """When, in which story and as which of its messages, oldest first."""
    steps = [_step(story) for story in stories]
    begins = [story.begins_at.timestamp() for story in stories]
    heap = [(at, place, 1) for place, at in enumerate(begins)]
    heapq.heapify(heap)
    while heap:
        turn = heap[0]
        yield turn
        _, place, seq = turn
        if seq < stories[place].messages:
            heapq.heapreplace(heap, (begins[place] + seq * steps[place], place, seq + 1))
        else:
            heapq.heappop(heap)


def _said(story: Story, seq: int, number: int, text: str) -> tuple[str, ...]:
    """Direction, kind, text, content and author's type; then status, error and what is quoted."""
    if _is_in(story, seq):
        return ("in", "text", text, "{}", "contact", "received", "", "", "")
    status = _status(number)
    error = "131026" if status == "failed" else ""
    return ("out", "text", text, "{}", "agent", status, error, "", "")


def _step(story: Story) -> float:
    return (story.ends_at - story.begins_at).total_seconds() / max(story.messages - 1, 1)


def _is_in(story: Story, seq: int) -> bool:
    """They take turns, so that the last word is the customer's where somebody waits."""
    return (story.messages - seq) % 2 == (0 if story.is_waiting else 1)


def _status(number: int) -> str:
    if number % 200 == 0:
        return "failed"
    return "read" if number % 4 else "delivered"


def _conversations(
    stories: Sequence[Story],
    casts: Casts,
    ids: tuple[range, range],
    newest: dict[int, int],
    first_number: int,
    now: datetime,
) -> Iterator[Row]:
    by_activity = sorted(range(len(stories)), key=lambda place: stories[place].ends_at)
    for number, place in enumerate(by_activity, start=first_number):
        story = stories[place]
        heard_at = _heard_at(story)
        yield (
            ids[0][place],
            casts.organization,
            story.channel,
            ids[1][place],
            story.state,
            story.assignee,
            story.team,
            story.priority,
            story.messages,
            number,
            inbound_count(story),
            heard_at + WINDOW if heard_at else None,
            story.ends_at if story.is_waiting and story.state == "open" else None,
            now + WINDOW if story.state == "snoozed" else None,
            story.ends_at,
            newest[place],
            story.ends_at,
            story.begins_at,
        )


def inbound_count(story: Story) -> int:
    """How many of a story's messages are the customer's."""
    return (story.messages + 1) // 2 if story.is_waiting else story.messages // 2


def _heard_at(story: Story) -> datetime | None:
    if story.is_waiting:
        return story.ends_at
    if story.messages == 1:
        return None
    return datetime.fromtimestamp(story.ends_at.timestamp() - _step(story), UTC)


def _labels(stories: Sequence[Story], conversations: range) -> Iterator[Row]:
    for story in stories:
        for label in story.labels:
            yield (conversations[story.place], label)


def _episodes(stories: Sequence[Story], conversations: range) -> Iterator[Row]:
    for story in stories:
        done = story.ends_at if story.state == "resolved" else None
        yield (conversations[story.place], story.begins_at, done)
