"""What a merge carries from the source's rows to the target's, and gives back when undone.

Messages never move; but the root, and on each channel the conversation that goes on (`main_of`),
must say what is true of the person: who waits, until when free text is allowed, whether they
wish for no marketing. Each field that changes is journalled as `[before, after]` and restored
where nothing has changed it since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.db.models.functions import Now

from messaging import timeline
from messaging.models import Contact, ContactMerge, Conversation, ConversationState, Episode

CARRIED = ("state", "waiting_since", "window_expires_at", "last_activity_at")
# Of a customer who wrote again since, these say what is true now.
KEPT_IF_HEARD_SINCE = {"state", "waiting_since"}

Values = dict[str, Any]


def take_over(source_id: int, target_id: int) -> Values:
    """Fill the locked target contact from the source; what the journal keeps of it."""
    source, target = Contact.objects.get(pk=source_id), Contact.objects.get(pk=target_id)
    before = _values(target, ["name", "opted_out_at", "preference_at", "blocked_at"])
    target.name = target.name or source.name
    # Who is blocked as one is blocked as the other, until somebody says otherwise.
    target.blocked_at = target.blocked_at or source.blocked_at
    if _decides(source, target):
        target.opted_out_at, target.preference_at = source.opted_out_at, source.preference_at
    after = _values(target, before)
    brought = {
        name: value for name, value in source.attributes.items() if name not in target.attributes
    }
    target.attributes |= brought
    if brought or after != before:
        target.save(update_fields=[*before, "attributes"])
    return {"contact": _changes(before, after), "attributes": brought}


def main_of(conversations: Iterable[Conversation], root_id: int) -> Conversation:
    """Of one person's conversations on one channel the one that goes on: the root's, else the
    oldest.
    """
    return min(conversations, key=lambda each: (each.contact_id != root_id, each.pk))


def carry_over(merges: Iterable[ContactMerge], locked: Mapping[int, Conversation]) -> None:
    """Let the conversations that go on say what is true of the union; all of them are locked.

    Everyone takes a number, so that whoever has one of them open looks again. The caller
    publishes them.
    """
    for merge in merges:
        merge.carried["conversations"] = []
        is_blocked = Contact.objects.filter(pk=merge.target_id, blocked_at__isnull=False).exists()
        for union in _unions(merge, locked):
            for conversation in union:
                timeline.take_number(conversation)
            main = main_of(union, merge.target_id)
            before = _values(main, CARRIED)
            for part in union:
                _absorb(main, part)
            if is_blocked:
                main.waiting_since = None
            if changes := _changes(before, _values(main, CARRIED)):
                line = {"id": main.pk, "heard": main.inbound_count, "fields": changes}
                merge.carried["conversations"].append(line)
        merge.save(update_fields=["carried"])


def give_back(merge: ContactMerge, locked: Mapping[int, Conversation]) -> None:
    """Restore what the merge had carried over.

    Everyone takes a number; the caller publishes the conversations.
    """
    for conversation in locked.values():
        timeline.take_number(conversation)
    target = Contact.objects.get(pk=merge.target_id)
    restored = _restore(target, merge.carried.get("contact", {}))
    brought = merge.carried.get("attributes", {})
    target.attributes = {
        name: value for name, value in target.attributes.items() if brought.get(name) != value
    }
    if restored or brought:
        target.save(update_fields=[*restored, "attributes"])
    lines = merge.carried.get("conversations", [])
    # What went on may have been a part's that was parted before this.
    for line in (each for each in lines if each["id"] in locked):
        conversation = locked[line["id"]]
        heard_since = conversation.inbound_count != line["heard"]
        skipped = KEPT_IF_HEARD_SINCE if heard_since else set()
        changes = {name: pair for name, pair in line["fields"].items() if name not in skipped}
        if "state" in _restore(conversation, changes):
            _close_episode(conversation)


def _decides(source: Contact, target: Contact) -> bool:
    """Whether the source's wish is the person's: the newest counts, without times the safer."""
    if source.preference_at and target.preference_at:
        return source.preference_at > target.preference_at
    if source.preference_at or target.preference_at:
        return source.preference_at is not None
    return source.opted_out_at is not None and target.opted_out_at is None


def _unions(
    merge: ContactMerge, locked: Mapping[int, Conversation]
) -> Iterable[list[Conversation]]:
    """By channel, what went on for each of the two; what they had absorbed before is silent."""
    parts = Contact.objects.filter(merged_into=merge.target_id).values_list("pk", flat=True)
    root_of = dict.fromkeys([merge.target_id, *parts], merge.target_id)
    root_of |= dict.fromkeys([merge.source_id, *merge.contact_ids], merge.source_id)
    sides: dict[tuple[int, int], list[Conversation]] = defaultdict(list)
    for conversation in locked.values():
        if root_id := root_of.get(conversation.contact_id):
            sides[conversation.channel_id, root_id].append(conversation)
    unions: dict[int, list[Conversation]] = defaultdict(list)
    for (channel_id, root_id), conversations in sides.items():
        unions[channel_id].append(main_of(conversations, root_id))
    return unions.values()


def _absorb(main: Conversation, part: Conversation) -> None:
    if part.state == ConversationState.OPEN and main.state != ConversationState.OPEN:
        main.state = ConversationState.OPEN
        Episode.objects.get_or_create(
            conversation=main, resolved_at=None, defaults={"opened_at": Now()}
        )
    waiting = [moment for moment in (main.waiting_since, part.waiting_since) if moment]
    main.waiting_since = min(waiting, default=None)
    windows = [moment for moment in (main.window_expires_at, part.window_expires_at) if moment]
    main.window_expires_at = max(windows, default=None)
    main.last_activity_at = max(main.last_activity_at, part.last_activity_at)


def _close_episode(conversation: Conversation) -> None:
    if conversation.state == ConversationState.RESOLVED:
        Episode.objects.filter(conversation=conversation, resolved_at=None).update(
            resolved_at=Now()
        )


def _values(row: Model, names: Iterable[str]) -> Values:
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _changes(before: Values, after: Values) -> dict[str, list[Any]]:
    return {name: [before[name], after[name]] for name in before if before[name] != after[name]}


def _restore(row: Model, changes: Mapping[str, list[Any]]) -> list[str]:
    """Set fields back that still are as the merge left them; their names."""
    restored = [name for name, (_, after) in changes.items() if _same(getattr(row, name), after)]
    for name in restored:
        before = changes[name][0]
        is_moment = name.endswith(("_at", "_since")) and before is not None
        setattr(row, name, datetime.fromisoformat(before) if is_moment else before)
    return restored


def _same(now: Any, then: Any) -> bool:
    if isinstance(now, datetime):
        return then is not None and now == datetime.fromisoformat(then)
    return bool(now == then)
