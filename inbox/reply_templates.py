"""A reply that is a template: filled in and checked before it is queued."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from inbox.refusals import TemplateUnfit
from messaging.models import Channel, Message
from messaging.providers.values import mapping
from outbound import approved_templates
from outbound.approved_templates import Unfit

if TYPE_CHECKING:
    from inbox.reply_content import Reply

KIND = "template"


def filled(channel_id: int, reply: Reply) -> Reply:
    """`reply` with the template's text and request in it; replies of other kinds as they are.

    A repetition is what it was the first time, whatever became of the template since. Raises
    TemplateUnfit.
    """
    if reply.kind != KIND:
        return reply
    channel = Channel.objects.select_related("connection").get(pk=channel_id)
    given = mapping(reply.content.get(KIND))
    asked = _digest(given)
    first = _first(channel, reply, asked)
    if first is not None:
        return replace(reply, text=first.text, content=first.content)
    try:
        ready = approved_templates.fill(channel, given)
    except Unfit as refusal:
        raise _explained(refusal, given) from refusal
    content = {**ready.content, "asked": asked}
    return replace(reply, text=ready.text, content=content, message_class=ready.message_class)


def _digest(given: Mapping[str, Any]) -> str:
    """What tells one request from another with the same id."""
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()[:32]


def _first(channel: Channel, reply: Reply, asked: str) -> Message | None:
    rows = Message.objects.filter(
        organization_id=channel.organization_id, client_message_id=reply.client_message_id
    )
    first = rows.filter(kind=KIND).first()
    return first if first and first.content.get("asked") == asked else None


def _explained(refusal: Unfit, given: Mapping[str, Any]) -> TemplateUnfit:
    name, language = approved_templates.named(given)
    words = {"name": name, "language": language, "status": refusal.status}
    if refusal.code == approved_templates.MISSING:
        said = _("This channel has no template “%(name)s” in “%(language)s”.") % words
        return TemplateUnfit(refusal.code, {"template.name": [said]})
    if refusal.code == approved_templates.NOT_APPROVED:
        said = _("WhatsApp has not approved this template: its status is %(status)s.") % words
        return TemplateUnfit(refusal.code, {"template.name": [said]})
    errors: dict[str, list[str]] = {}
    for problem in refusal.problems:
        sentence = _(problem.sentence) % problem.words
        errors.setdefault(f"template.parameters.{problem.key}", []).append(sentence)
    return TemplateUnfit(refusal.code, errors)
