"""What the operators of a search mean: conditions on messages, as one member sees them."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from inbox import access, colleagues, contacts, listing
from inbox.filters import ME, NOBODY, Filters
from inbox.search_words import day_of
from messaging.models import Direction, Media

if TYPE_CHECKING:
    from collections.abc import Callable

    from inbox.search_words import Term
    from messaging.models import Membership

KINDS = {
    "image": ("image", "sticker"),
    "video": ("video",),
    "audio": ("audio", "voice"),
    "document": ("document",),
    "location": ("location",),
}
LISTS = {
    "unread": Filters(state="any", unread=True),
    "open": Filters(state="open"),
    "resolved": Filters(state="resolved"),
    "snoozed": Filters(state="snoozed"),
    "unassigned": Filters(state="any", assignee=NOBODY),
    "mine": Filters(state="any", assignee=ME),
}


def condition(membership: Membership, term: Term) -> Q:
    """The messages that an operator leaves."""
    return RULES[term.name](membership, term.value)


def _from(membership: Membership, value: str) -> Q:
    """What a customer or an agent of that name wrote, or the number it came from."""
    if value.lower() == ME:
        return Q(author=membership.user_id)
    people = contacts.named(access.contacts(membership), value).values("pk")
    mine = access.conversations(membership).filter(
        Q(contact__in=people) | Q(contact__merged_into__in=people)
    )
    agents = colleagues.agents(membership).filter(user__name__icontains=value)
    theirs = Q(direction=Direction.IN, conversation__in=mine.values("pk"))
    return theirs | Q(author__in=agents.values("user"))


def _is(membership: Membership, value: str) -> Q:
    if value == "failed":
        return Q(direction=Direction.OUT, status__in=listing.LOUD)
    return _within(membership, LISTS[value])


def _label(membership: Membership, value: str) -> Q:
    rows = colleagues.labels(membership).filter(name__iexact=value)
    ids = tuple(rows.values_list("pk", flat=True))
    return _within(membership, Filters(state="any", labels=ids)) if ids else Q(pk__in=[])


def _in(membership: Membership, value: str) -> Q:
    named = Q(name__icontains=value) | Q(external_id=value.lstrip("+"))
    channels = access.channels(membership).filter(named)
    return Q(channel__in=list(channels.values_list("pk", flat=True)))


def _assignee(membership: Membership, value: str) -> Q:
    if value.lower() in {ME, NOBODY}:
        return _within(membership, Filters(state="any", assignee=value.lower()))
    agents = colleagues.agents(membership).filter(user__name__icontains=value)
    rows = access.conversations(membership).filter(assignee__in=agents.values("user"))
    return Q(conversation__in=rows.values("pk"))


def _has(membership: Membership, value: str) -> Q:
    if value == "link":
        return Q(text__icontains="http://") | Q(text__icontains="https://")
    if value == "file":
        files = Media.objects.filter(organization=membership.organization_id)
        return Q(pk__in=files.values("message"))
    return Q(kind__in=KINDS[value])


def _before(membership: Membership, value: str) -> Q:
    return Q(sort_at__lt=_midnight(value))


def _after(membership: Membership, value: str) -> Q:
    return Q(sort_at__gte=_midnight(value))


def _midnight(value: str) -> datetime:
    """When the day begins; `search_words` has seen that it is one."""
    day = day_of(value) or timezone.localdate()
    return timezone.make_aware(datetime.combine(day, time.min))


def _within(membership: Membership, filters: Filters) -> Q:
    chosen = listing.condition(membership, filters, now=timezone.now())
    return Q(conversation__in=access.conversations(membership).filter(chosen).values("pk"))


RULES: dict[str, Callable[[Membership, str], Q]] = {
    "from": _from,
    "is": _is,
    "label": _label,
    "in": _in,
    "assignee": _assignee,
    "has": _has,
    "before": _before,
    "after": _after,
}
