"""Templates that the provider has stopped since the message was queued."""

from __future__ import annotations

from collections.abc import Sequence

from messaging.providers.values import mapping, text
from outbound.gates.refusal import Refusal
from outbound.models import MessageTemplate
from outbound.places import Place

# What the provider says of a template → why it cannot leave. Words that we do not know yet
# (REINSTATED, say) stop nothing: the provider itself decides.
CODES = {
    "PAUSED": "template_paused",
    "REJECTED": "template_rejected",
    "DISABLED": "template_disabled",
    "DELETED": "template_gone",
    "PENDING_DELETION": "template_gone",
    "PENDING": "template_pending",
    "IN_APPEAL": "template_pending",
    "ARCHIVED": "template_disabled",
    "LOCKED": "template_disabled",
    "LIMIT_EXCEEDED": "template_disabled",
}


def stopped(places: Sequence[Place]) -> dict[int, Refusal]:
    """Messages whose template may not be sent any more."""
    named = {place.claim.entry_id: _name(place) for place in places if place.kind == "template"}
    if not named:
        return {}
    statuses = _statuses(set(named.values()))
    found = {entry_id: CODES.get(statuses.get(name, ""), "") for entry_id, name in named.items()}
    return {entry_id: Refusal(code=code) for entry_id, code in found.items() if code}


# Connection, name, language.
_Name = tuple[int, str, str]


def _name(place: Place) -> _Name:
    template = mapping(place.content.get("template"))
    language = mapping(template.get("language"))
    return (place.connection_id, text(template.get("name")), text(language.get("code")))


def _statuses(names: set[_Name]) -> dict[_Name, str]:
    """The status of each; of several under one name that of the newest which is not deleted."""
    rows = MessageTemplate.objects.filter(
        connection__in={connection for connection, _, _ in names},
        name__in={name for _, name, _ in names},
    ).order_by("pk")
    found: dict[_Name, str] = {}
    for connection, name, language, status in rows.values_list(
        "connection", "name", "language", "status"
    ):
        if status != "DELETED" or (connection, name, language) not in found:
            found[connection, name, language] = status
    return found
