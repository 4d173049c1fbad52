"""What contacts said of being written to, from notices into the ledger of consent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from messaging import notices, people, wishes
from messaging.consent_words import Wish
from messaging.models import Contact, Message, ProviderNotice
from messaging.providers.cloud import news
from messaging.providers.values import mapping, number
from outbound import consents
from outbound.consents import Statement
from outbound.models import ConsentAction, ConsentScope

STOP_WORD = "stop_word"
START_WORD = "start_word"
WHATSAPP = "whatsapp"


Said = tuple[ConsentAction, Statement]


def absorb() -> int:
    """Write what was heard into the ledger; how many notices were handled.

    People are locked in order, and before anything else.
    """
    with transaction.atomic():
        heard = notices.waiting(wishes.KINDS)
        found = [said for notice in heard for said in READERS[notice.kind](notice)]
        for action, said in sorted(found, key=lambda each: (each[1].contact.pk, each[1].at)):
            if _counts(said):
                consents.write(action, said)
        return notices.handled([notice.pk for notice in heard])


def _counts(said: Statement) -> bool:
    """A word like "start" is a yes only after a no: from anybody else it is an ordinary word."""
    if said.source != START_WORD:
        return True
    lines = consents.lines_of([said.contact.pk])[said.contact.pk]
    return any(line.action == ConsentAction.REVOKED for line in lines)


def _of_word(notice: ProviderNotice) -> list[Said]:
    payload = mapping(notice.payload)
    message = _message(payload)
    if message is None:
        return []
    is_stop = payload.get("word") == Wish.STOP.value
    said = Statement(
        contact=(message.sender or message.conversation.contact).person,
        source=STOP_WORD if is_stop else START_WORD,
        proof=message.text,
        message_id=message.pk,
        at=message.sort_at,
    )
    return [(ConsentAction.REVOKED if is_stop else ConsentAction.GRANTED, said)]


def _of_refusal(notice: ProviderNotice) -> list[Said]:
    message = _message(mapping(notice.payload))
    if message is None:
        return []
    said = Statement(
        contact=message.conversation.contact.person,
        source=WHATSAPP,
        proof=wishes.OPTED_OUT_CODE,
        scope=ConsentScope.MARKETING.value,
        message_id=message.pk,
        at=notice.received_at,
    )
    return [(ConsentAction.REVOKED, said)]


def _of_preference(notice: ProviderNotice) -> list[Said]:
    """What somebody chose in WhatsApp's own settings."""
    wish = news.preference_of(mapping(notice.payload), now=notice.received_at.timestamp())
    if wish is None:
        return []
    keys = [people.key_of(notice.connection_id, identity) for identity in wish.identities]
    contact_ids = set(people.find(notice.connection.organization_id, keys).values())
    action = ConsentAction.GRANTED if wish.wants_marketing else ConsentAction.REVOKED
    return [
        (
            action,
            Statement(
                contact=contact,
                source=WHATSAPP,
                proof=wishes.PREFERENCE,
                scope=ConsentScope.MARKETING.value,
                at=datetime.fromtimestamp(wish.at, UTC) if wish.at else notice.received_at,
            ),
        )
        for contact in Contact.objects.filter(pk__in=contact_ids)
    ]


def _message(payload: dict[str, Any]) -> Message | None:
    rows = Message.objects.filter(pk=number(payload.get("message")) or 0)
    return rows.select_related("sender__merged_into", "conversation__contact__merged_into").first()


READERS: dict[str, Callable[[ProviderNotice], list[Said]]] = {
    wishes.WORD: _of_word,
    wishes.OFFERS_REFUSED: _of_refusal,
    wishes.PREFERENCE: _of_preference,
}
