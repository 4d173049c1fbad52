"""What a contact allows, as members see and note it; every note is audited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.http import Http404
from django.utils import timezone

from inbox import access, audit
from inbox.refusals import ReadOnly
from messaging import merging
from messaging.models import Channel, Contact
from outbound import consents
from outbound.consents import Line, Statement
from outbound.models import Consent, ConsentAction, ConsentScope

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from messaging.models import Membership

BY_AGENT = "agent"
MOST_LINES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What somebody was told by a contact, and how that can be shown."""

    action: ConsentAction
    source: str = BY_AGENT
    proof: str = ""
    scope: str = ConsentScope.ALL.value
    channel: int | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a contact stands: the newest word on all messages, and on offers."""

    messages: Line | None
    offers: Line | None

    @property
    def is_granted(self) -> bool:
        return self.messages is not None and self.messages.action == ConsentAction.GRANTED

    @property
    def is_revoked(self) -> bool:
        return self.messages is not None and self.messages.action == ConsentAction.REVOKED

    @property
    def refuses_offers(self) -> bool:
        """No offers, while other messages are not refused."""
        no = self.offers is not None and self.offers.action == ConsentAction.REVOKED
        return no and not self.is_revoked


def standing(contact: Contact, channel_id: int | None = None) -> Standing:
    """Of a person, on one channel or on all of them."""
    lines = consents.lines_of([contact.pk])[contact.pk]
    return Standing(
        consents.newest(lines, scope=ConsentScope.ALL.value, channel_id=channel_id),
        consents.newest(lines, scope=ConsentScope.MARKETING.value, channel_id=channel_id),
    )


def ledger(contact: Contact) -> QuerySet[Consent]:
    """Every line of a person's ledger, the newest first."""
    rows = Consent.objects.filter(contact__in=merging.family([contact.pk]))
    return rows.select_related("recorded_by", "channel").order_by("-at", "-pk")[:MOST_LINES]


def note(membership: Membership, contact_id: int, given: Note) -> Consent:
    """Write a line for a contact the member sees. Raises Http404 or ReadOnly."""
    contact = access.contact_or_404(membership, contact_id)
    if not membership.replies:
        raise ReadOnly
    channel = _channel(membership, given.channel)
    said = Statement(
        contact=contact,
        source=given.source,
        proof=given.proof,
        scope=given.scope,
        channel_id=channel.pk if channel else None,
        at=given.at or timezone.now(),
        by=membership.user,
    )
    with transaction.atomic():
        line = consents.write(given.action, said)
        if line is None:  # only of messages, and this names none
            raise Http404
        _audit(membership, line)
    return line


def _channel(membership: Membership, channel_id: int | None) -> Channel | None:
    if channel_id is None:
        return None
    found = access.channels(membership).filter(pk=min(channel_id, access.LARGEST_ID)).first()
    if found is None:
        raise Http404
    return found


def _audit(membership: Membership, line: Consent) -> None:
    verb = "grant" if line.action == ConsentAction.GRANTED else "revoke"
    audit.record(
        membership.organization_id,
        f"{verb}_consent",
        f"contact:{line.contact_id}",
        by=membership.user,
        details={"consent": line.pk, "scope": line.scope, "source": line.source},
    )
