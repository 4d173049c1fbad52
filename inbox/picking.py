"""The template picker: what a conversation's channel may send, filled in as far as somebody has."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from inbox import offers, picker_files, words
from inbox.picker_fields import Field, fields_of, value_of
from messaging.hints import hint
from messaging.models import Conversation
from messaging.providers import PROVIDERS
from messaging.providers.values import mapping, rows, text
from outbound import approved_templates, consents
from outbound.models import MessageTemplate, TemplateSync
from outbound.tasks import sync_due_templates
from outbound.template_input import from_parameters
from outbound.template_parameters import VARIABLE, Shape, shape_of
from outbound.template_preview import preview

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from inbox.offers import Offer

LONGEST_GIST = 90
CATEGORIES: dict[str, _StrPromise] = {
    "UTILITY": _("Utility"),
    "MARKETING": _("Marketing"),
    "AUTHENTICATION": _("Authentication"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A template of the list."""

    template: MessageTemplate
    category: str
    gist: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the text the customer sees: the template's own, a value, or one still missing."""

    text: str
    is_value: bool = False
    is_missing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The template as it will arrive, with what is filled in so far."""

    body: tuple[Part, ...]
    header: tuple[Part, ...]
    file: str
    offer: Offer | None
    filename: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """The template that was chosen, its form and what stands against sending it."""

    template: MessageTemplate
    fields: tuple[Field, ...]
    shown: Shown
    consent: str = ""
    parts_missing: bool = False

    @property
    def is_ready(self) -> bool:
        return not self.consent and not self.parts_missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Picker:
    """All that the screen shows."""

    options: tuple[Option, ...]
    picked: Picked | None
    as_of: datetime | None
    trouble: str
    client_message_id: str


def is_offered(conversation: Conversation) -> bool:
    """Whether the conversation's provider sends templates at all."""
    sending = PROVIDERS[conversation.channel.connection.kind].sending
    return sending is not None and "template" in sending.capabilities.kinds


def choices(conversation: Conversation) -> Sequence[MessageTemplate]:
    """The approved templates of a conversation's channel."""
    connection = conversation.channel.connection_id
    approved = MessageTemplate.objects.filter(connection=connection, status="APPROVED")
    return list(approved.order_by("name", "language", "pk"))


def picker_of(
    conversation: Conversation,
    given: Mapping[str, str],
    *,
    errors: Mapping[str, Sequence[str]] | None = None,
) -> Picker:
    """The picker as `given` fills it: `template` names the chosen one by its number."""
    found = choices(conversation)
    chosen = chosen_of(found, given)
    sync = TemplateSync.objects.filter(pk=conversation.channel.connection_id).first()
    if sync is None:
        # Somebody waits for a channel that was just connected: not until the next round.
        hint(sync_due_templates, queue="background")
    return Picker(
        options=tuple(_option(each, is_chosen=each is chosen) for each in found),
        picked=_picked(conversation, chosen, given, errors or {}) if chosen else None,
        as_of=sync.synced_at if sync else None,
        trouble=sync.error_code if sync else "",
        client_message_id=given.get("client_message_id", "")[:64] or str(uuid.uuid4()),
    )


def chosen_of(
    templates: Sequence[MessageTemplate], given: Mapping[str, str]
) -> MessageTemplate | None:
    """The one that a form names, if it may still be sent."""
    wanted = given.get("template", "")
    return next((each for each in templates if str(each.pk) == wanted), None)


def parameters_of(template: MessageTemplate, given: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """What a form says, by part, as the reply use case takes it; without what is empty."""
    found: dict[str, dict[str, Any]] = {"header": {}, "body": {}, "buttons": {}}
    for slot in _shape(template).slots:
        value = value_of(slot, given)
        if value:
            found[slot.part][slot.name] = value
    return found


def _shape(template: MessageTemplate) -> Shape:
    return shape_of(template.components, template.parameter_format)


def _option(template: MessageTemplate, *, is_chosen: bool) -> Option:
    shown = preview(template.components, {})
    gist = text(shown.get("body"), most=LONGEST_GIST)
    return Option(
        template=template,
        category=_category(template),
        gist=VARIABLE.sub("…", gist),
        is_chosen=is_chosen,
    )


def _category(template: MessageTemplate) -> str:
    return str(CATEGORIES.get(template.category, template.category.capitalize()))


def _picked(
    conversation: Conversation,
    template: MessageTemplate,
    given: Mapping[str, str],
    errors: Mapping[str, Sequence[str]],
) -> Picked:
    shape = _shape(template)
    fields = [field for slot in shape.slots for field in fields_of(slot, given, errors)]
    return Picked(
        template=template,
        fields=tuple(fields),
        shown=_shown(conversation, template, parameters_of(template, given)),
        consent=_consent(conversation, template),
        parts_missing=bool(shape.whole),
    )


def _shown(
    conversation: Conversation, template: MessageTemplate, parameters: dict[str, dict[str, Any]]
) -> Shown:
    filled = from_parameters(_shape(template), parameters)
    shown = preview(template.components, filled.values)
    header = mapping(shown.get("header"))
    kind = text(header.get("format"))
    around = {key: shown[key] for key in ("footer", "buttons") if key in shown}
    return Shown(
        body=_parts(template, "BODY", parameters["body"]),
        header=_parts(template, "HEADER", parameters["header"]) if kind == "text" else (),
        file=kind if kind and kind != "text" else "",
        filename=picker_files.filename_of(conversation.organization_id, header.get(kind)),
        offer=offers.offer_of_template(around),
    )


def _parts(template: MessageTemplate, kind: str, values: Mapping[str, Any]) -> tuple[Part, ...]:
    """The text of a component with what was filled in marked as such."""
    components = (each for each in rows(template.components) if each.get("type") == kind)
    within = text(next(components, {}).get("text"))
    # Between the pieces of the text stand the names of its variables.
    pieces = VARIABLE.split(within)
    found = []
    for place, piece in enumerate(pieces):
        if place % 2 == 0:
            found.append(Part(piece))
        elif value := str(values.get(piece, "")):
            found.append(Part(value, is_value=True))
        else:
            found.append(Part("{{" + piece + "}}", is_value=True, is_missing=True))
    return tuple(part for part in found if part.text)


def _consent(conversation: Conversation, template: MessageTemplate) -> str:
    """Why the contact may not get it, in a sentence; nothing where they may."""
    code = consents.allowed(
        consents.Wanted(
            organization_id=conversation.organization_id,
            contact_id=conversation.contact_id,
            channel_id=conversation.channel_id,
            message_class=approved_templates.class_of(template.category),
            is_template=True,
        )
    )
    return words.error_sentence(code, "") if code else ""
