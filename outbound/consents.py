"""What contacts allow: an append-only ledger, and whether a message may be written at all.

The newest line counts, among those of all channels and of the message's own. A line of scope
`all` speaks of every message, one of scope `marketing` of offers alone. Consent belongs to the
person: lines of contacts that were merged count together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from messaging import merging, wishes
from messaging.models import Contact, User
from messaging.sql import execute
from outbound.models import (
    Consent,
    ConsentAction,
    ConsentPolicy,
    ConsentScope,
    MessageClass,
    SendingPolicy,
)

MISSING = "consent_missing"
REVOKED = "consent_revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A message that is to be written: to whom, where and of what kind.

    `is_template`: an approved text; `is_reply`: free text within the customer service window.
    """

    organization_id: int
    contact_id: int
    channel_id: int
    message_class: str
    is_template: bool
    is_reply: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the ledger that counts today."""

    channel_id: int | None
    scope: str
    action: str
    at: datetime
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a contact said, before it is in the ledger.

    `channel_id` None: on every channel. `message_id`: the message in which they said it.
    """

    contact: Contact
    source: str
    at: datetime
    proof: str = ""
    scope: str = ConsentScope.ALL.value
    channel_id: int | None = None
    message_id: int | None = None
    by: User | None = None


def grant(statement: Statement) -> Consent | None:
    """Note that a contact allows messages; see `write`."""
    return write(ConsentAction.GRANTED, statement)


def revoke(statement: Statement) -> Consent | None:
    """Note that a contact wants no messages any more; see `write`."""
    return write(ConsentAction.REVOKED, statement)


def write(action: ConsentAction, said: Statement) -> Consent | None:
    """Add a line, in the caller's transaction; None where that message was heard before.

    The contact's own wish about offers follows, where the line is of all channels. Locks the
    contact, so it comes before any conversation is locked.
    """
    rows = execute(
        INSERT,
        {
            "organization": said.contact.organization_id,
            "contact": said.contact.pk,
            "channel": said.channel_id,
            "action": action.value,
            "scope": said.scope,
            "source": said.source,
            "proof": said.proof,
            "message": said.message_id,
            "at": said.at,
            "by": said.by.pk if said.by else None,
        },
    )
    if not rows:
        return None
    if said.channel_id is None:
        wants = action == ConsentAction.GRANTED
        roots = set(merging.family([said.contact.pk]).values())
        wishes.prefer(roots, wants_marketing=wants, at=said.at)
    return Consent.objects.get(pk=rows[0][0])


def allowed(wanted: Wanted) -> str:
    """Why the message may not be written, as a code; empty where it may."""
    return judge([wanted])[0]


def judge(wanted: Sequence[Wanted]) -> list[str]:
    """The same for many, in a fixed number of queries."""
    if all(each.is_reply for each in wanted):
        return [""] * len(wanted)
    policies = policies_of({each.organization_id for each in wanted})
    lines = lines_of({each.contact_id for each in wanted})
    return [
        _verdict(each, policies[each.organization_id], lines[each.contact_id]) for each in wanted
    ]


def policies_of(organization_ids: Collection[int]) -> dict[int, str]:
    """For which messages each organisation wants a yes."""
    chosen = SendingPolicy.objects.filter(pk__in=organization_ids).exclude(consent_policy="")
    return dict.fromkeys(organization_ids, settings.CONSENT_POLICY) | dict(
        chosen.values_list("pk", "consent_policy")
    )


def lines_of(contact_ids: Collection[int]) -> dict[int, list[Line]]:
    """By contact, the newest line of each scope and channel, of the whole person."""
    roots = merging.family(contact_ids)
    found: dict[int, list[Line]] = defaultdict(list)
    for contact_id, channel_id, scope, action, at, source in execute(NEWEST, [sorted(roots)]):
        line = Line(channel_id=channel_id, scope=scope, action=action, at=at, source=source)
        found[roots[contact_id]].append(line)
    opted_out = Contact.objects.filter(pk__in=roots, opted_out_at__isnull=False)
    for contact_id, at in opted_out.values_list("pk", "opted_out_at"):
        if at is not None:
            found[roots[contact_id]].append(_opted_out(at))
    return defaultdict(list, {pk: found[roots.get(pk, pk)] for pk in contact_ids})


def newest(lines: Sequence[Line], *, scope: str, channel_id: int | None = None) -> Line | None:
    """The line that counts for messages of a scope on a channel (None: on all of them)."""
    scopes = {ConsentScope.ALL.value, scope}
    fitting = [
        line for line in lines if line.scope in scopes and line.channel_id in (None, channel_id)
    ]
    # Of two said at once, the no.
    return max(
        fitting, key=lambda line: (line.at, line.action == ConsentAction.REVOKED), default=None
    )


def _verdict(wanted: Wanted, policy: str, lines: Sequence[Line]) -> str:
    if wanted.is_reply:
        return ""
    is_offer = wanted.message_class == MessageClass.MARKETING
    scope = ConsentScope.MARKETING if is_offer else ConsentScope.ALL
    line = newest(lines, scope=scope.value, channel_id=wanted.channel_id)
    if line is not None and line.action == ConsentAction.REVOKED:
        return REVOKED
    if line is None and _is_needed(wanted, policy):
        return MISSING
    return ""


def _is_needed(wanted: Wanted, policy: str) -> bool:
    """Whether silence is not enough."""
    if policy == ConsentPolicy.MARKETING:
        return wanted.message_class == MessageClass.MARKETING
    return wanted.is_template or policy == ConsentPolicy.EVERY_MESSAGE


def _opted_out(at: datetime) -> Line:
    """What the contact told WhatsApp counts at once, before it is in the ledger."""
    return Line(
        channel_id=None,
        scope=ConsentScope.MARKETING.value,
        action=ConsentAction.REVOKED.value,
        at=at,
        source="whatsapp",
    )


INSERT = """
INSERT INTO outbound_consent (organization_id, contact_id, channel_id, action, scope, source,
  proof, message_id, at, recorded_by_id)
VALUES (%(organization)s, %(contact)s, %(channel)s, %(action)s, %(scope)s, %(source)s,
  %(proof)s, %(message)s, %(at)s, %(by)s)
ON CONFLICT (message_id, scope) WHERE message_id IS NOT NULL DO NOTHING
RETURNING id
"""

NEWEST = """
SELECT DISTINCT ON (contact_id, scope, channel_id)
  contact_id, channel_id, scope, action, at, source
FROM outbound_consent WHERE contact_id = ANY(%s::bigint[])
ORDER BY contact_id, scope, channel_id, at DESC, id DESC
"""
