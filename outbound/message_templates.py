"""News of message templates → what we know of them.

News may name a template that we have never fetched: it is kept with what is known. What is not
understood is kept as text and marked stale, for the next fetch to settle.
Source: Cloud API, "Webhooks › message_template_status_update" and its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from messaging import notices
from messaging.hints import send_hint
from messaging.models import ProviderNotice
from messaging.providers.values import mapping, rows, text
from messaging.sql import execute
from outbound.models import MessageTemplate

STATUS = "message_template_status_update"
QUALITY = "message_template_quality_update"
COMPONENTS = "message_template_components_update"
CATEGORY = "template_category_update"
KINDS = (STATUS, QUALITY, COMPONENTS, CATEGORY)

# Words that say what a template is now.
STATES = {"APPROVED", "REJECTED", "PENDING", "PAUSED", "FLAGGED", "DISABLED", "PENDING_DELETION"}
STATES |= {"DELETED", "IN_APPEAL", "ARCHIVED", "LIMIT_EXCEEDED", "LOCKED"}
WRITTEN = ("name", "language", "category", "status", "quality", "reason", "components")
NOTED = ("status_changed_at", "former_category", "coming_category", "category_changed_at")
LANE = 7203  # one at a time folds news, so that two of one template keep their order


def absorb() -> int:
    """Fold waiting news into the templates they are of; how many were handled."""
    with transaction.atomic():
        take_turn()
        news = notices.waiting(KINDS)
        if not news:
            return 0
        templates = _known(news)
        for notice in news:
            _fold(templates, notice)
        MessageTemplate.objects.bulk_create(
            templates.values(),
            update_conflicts=True,
            unique_fields=["connection", "provider_id"],
            update_fields=[*WRITTEN, *NOTED, "is_stale", "updated_at"],
        )
        if any(template.is_stale for template in templates.values()):
            transaction.on_commit(_ask_for_sync, robust=True)
        return notices.handled([notice.pk for notice in news])


def _ask_for_sync() -> None:
    """By name, since the task itself looks here."""
    send_hint("outbound.tasks.sync_due_templates", queue="background")


def take_turn() -> None:
    """Wait until nobody else writes templates, and keep others out until the transaction ends."""
    execute("SELECT pg_advisory_xact_lock(%s, 0)", [LANE])


Key = tuple[int, str]


def _key(notice: ProviderNotice) -> Key:
    return (notice.connection_id, _id_of(notice.payload))


def _id_of(payload: Any) -> str:
    """Ids are numbers in some news and text in others."""
    found = mapping(payload).get("message_template_id")
    return str(found)[:64] if isinstance(found, int | str) else ""


def _known(news: Iterable[ProviderNotice]) -> dict[Key, MessageTemplate]:
    keys = {_key(notice) for notice in news}
    found = MessageTemplate.objects.filter(
        connection__in={connection for connection, _ in keys},
        provider_id__in={provider_id for _, provider_id in keys},
    )
    return {(each.connection_id, each.provider_id): each for each in found}


def _fold(templates: dict[Key, MessageTemplate], notice: ProviderNotice) -> None:
    key, payload = _key(notice), mapping(notice.payload)
    if not key[1]:
        return  # it names no template; the notice itself is kept
    template = templates.get(key)
    if template is None:
        template = MessageTemplate(
            connection_id=key[0], provider_id=key[1], status="", category="", is_stale=True
        )
        templates[key] = template
    template.name = text(payload.get("message_template_name"), most=512) or template.name
    template.language = text(payload.get("message_template_language"), most=20) or template.language
    # Of news that are older than what was fetched nobody can say which is true: ask again.
    template.is_stale |= template.synced_at is not None and template.synced_at > notice.received_at
    template.updated_at = notice.received_at
    before = (template.status, template.category)
    FOLDS[notice.kind](template, payload)
    _note_changes(template, before, notice.received_at)


def _note_changes(template: MessageTemplate, before: tuple[str, str], at: datetime) -> None:
    """What somebody should know: another status, and another category than the one before."""
    status, category = before
    if template.status != status:
        template.status_changed_at = at
    if category and template.category != category:
        template.former_category, template.category_changed_at = category, at
    if template.coming_category == template.category:
        template.coming_category = ""


def _status(template: MessageTemplate, payload: dict[str, Any]) -> None:
    event = text(payload.get("event"), most=40)
    category = text(payload.get("message_template_category"), most=40)
    template.category = category or template.category
    template.status = event or template.status
    # Others (REINSTATED, UNLOCKED, new ones) are kept as they came until the next fetch.
    template.reason = _reason(payload)
    template.is_stale = template.is_stale or event not in STATES


def _reason(payload: dict[str, Any]) -> str:
    """The longest explanation there is; "NONE" is none."""
    rejection = mapping(payload.get("rejection_info"))
    parts = [text(rejection.get("reason")), text(rejection.get("recommendation"))]
    short = text(payload.get("reason"))
    return " ".join(part for part in parts if part) or ("" if short == "NONE" else short)


def _quality(template: MessageTemplate, payload: dict[str, Any]) -> None:
    template.quality = text(payload.get("new_quality_score"), most=20) or template.quality


def _category(template: MessageTemplate, payload: dict[str, Any]) -> None:
    """A change to come is announced by the category that is right; until then the old holds."""
    template.category = text(payload.get("new_category"), most=40) or template.category
    if coming := text(payload.get("correct_category"), most=40):
        template.coming_category = coming
        template.is_stale = True


def _components(template: MessageTemplate, payload: dict[str, Any]) -> None:
    """News carry the text but neither examples nor the buttons' order among other kinds."""
    buttons = [
        {
            "type": text(button.get("message_template_button_type")),
            "text": text(button.get("message_template_button_text")),
            "url": text(button.get("message_template_button_url")),
            "phone_number": text(button.get("message_template_button_phone_number")),
        }
        for button in rows(payload.get("message_template_buttons"))
    ]
    found: list[dict[str, Any]] = [
        {"type": kind, "text": words}
        for kind, name in PARTS
        if (words := text(payload.get(f"message_template_{name}")))
    ]
    if buttons:
        filled = [{name: value for name, value in each.items() if value} for each in buttons]
        found.append({"type": "BUTTONS", "buttons": filled})
    template.components = found or template.components
    template.is_stale = True


PARTS = (("HEADER", "title"), ("BODY", "element"), ("FOOTER", "footer"))
FOLDS: dict[str, Callable[[MessageTemplate, dict[str, Any]], None]] = {
    STATUS: _status,
    QUALITY: _quality,
    COMPONENTS: _components,
    CATEGORY: _category,
}
