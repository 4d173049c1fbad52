"""Small things templates cannot say: safe links, icons, times that the browser makes local."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache

from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.html import format_html, urlize
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from inbox import faces
from inbox.gists import gist_of
from inbox.media import Attachment, can_retry
from inbox.words import IDENTITY_KINDS
from messaging.models import Contact, ContactIdentity, Membership, Message, User

register = template.Library()

NUMBER = re.compile(r"%\((\w+)\)\d*d")
LINK = '<a class="link" target="_blank" rel="noopener noreferrer nofollow" href='


@register.filter(is_safe=True)
def linked(text: str) -> SafeString:
    """Escaped text whose web and mail addresses are links; other schemes stay text."""
    escaped = urlize(str(text), autoescape=True)
    # Every `<` of the text itself is escaped by now, so these are urlize's own.
    return mark_safe(escaped.replace("<a href=", LINK))  # noqa: S308


@register.simple_tag
def icon(name: str, size: str = "", label: str = "", state: str = "") -> SafeString:
    """A glyph of the sprite; silent for screen readers unless it has a label."""
    return _glyph(name, size, str(label), state)


# Pages draw the same few hundreds of times. Typed: a safe label is another one than a plain one.
@lru_cache(maxsize=1_000, typed=True)
def _glyph(name: str, size: str, label: str, state: str) -> SafeString:
    return format_html(
        '<svg class="icon"{}{}{}><use href="{}#icon-{}"/></svg>',
        format_html(' data-size="{}"', size) if size else "",
        format_html(' data-state="{}"', state) if state else "",
        format_html(' role="img" aria-label="{}"', label)
        if label
        else mark_safe(' aria-hidden="true"'),
        static("icons.svg"),
        name,
    )


@register.simple_tag
@lru_cache(maxsize=100)
def mirrored_icon(name: str) -> SafeString:
    """A glyph that points along the line, and turns with it."""
    return format_html(
        '<svg class="icon" data-mirror aria-hidden="true"><use href="{}#icon-{}"/></svg>',
        static("icons.svg"),
        name,
    )


@register.filter
def utc(moment: datetime | None) -> str:
    """ISO 8601 with Z, for attributes."""
    if moment is None:
        return ""
    # Always six digits, so that the browser may compare them as text.
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@register.simple_tag
def local_time(moment: datetime | None, style: str = "clock") -> SafeString:
    """A `<time>` in UTC that the browser shows in its own zone: "clock", "when" or "day"."""
    if moment is None:
        return SafeString("")
    return format_html(
        '<local-time data-style="{}"><time datetime="{}">{}</time></local-time>',
        style,
        utc(moment),
        STYLES[style](moment),
    )


def short_when(moment: datetime) -> str:
    """Today a clock, this week a weekday, else a date; of what is to come both."""
    days = (timezone.localdate() - timezone.localdate(moment)).days
    if days < 0:
        return formats.date_format(moment, "j M, H:i")
    if days == 0:
        return formats.date_format(moment, "H:i")
    return formats.date_format(moment, "D" if days < 7 else "j M")


def clock(moment: datetime) -> str:
    """14:05."""
    return formats.date_format(moment, "H:i")


def day(moment: datetime) -> str:
    """A date without a time, for what is days away."""
    return formats.date_format(moment, "j M")


def exact(moment: datetime) -> str:
    """To the millisecond, for whoever looks for where time went."""
    local = timezone.localtime(moment)
    return f"{formats.date_format(local, 'j M, H:i:s')}.{local.microsecond // 1000:03}"


STYLES = {"clock": clock, "when": short_when, "day": day, "exact": exact}


@register.filter
def capped(number: int, most: int) -> str:
    """A count that stops growing: "999+"."""
    return f"{most}+" if number > most else str(number)


@register.simple_tag
def time_left_words(part: str) -> str:
    """How `rows.time_left` says "hours" or "minutes", with gaps that the browser fills."""
    said = gettext("%(hours)d h %(minutes)02d m") if part == "hours" else gettext("%(minutes)d m")
    return NUMBER.sub(r"{\1}", said)


@register.filter
def words(text: str) -> list[str]:
    """A list written as one string."""
    return text.split()


@register.filter
def initial(user: User) -> str:
    """The letter in an agent's circle."""
    return faces.initials(str(user))[0]


@register.filter
def initials(name: str) -> str:
    """The letters in a contact's circle."""
    return faces.initials(name)


@register.filter
def tint(contact: Contact) -> int:
    """The colour of a contact's circle."""
    return faces.tint(contact.pk)


@register.filter
def identity_kind(identity: ContactIdentity) -> str:
    """What kind of id it is, in a word or two."""
    return str(IDENTITY_KINDS.get(identity.kind, identity.kind))


@register.filter
def identity_words(identity: ContactIdentity) -> str:
    """An id as people write it; a group's has no other name."""
    return faces.written(identity.kind, identity.value)


@register.filter
def ink(user: User) -> int:
    """The colour of an agent's circle."""
    return faces.ink(user)


@register.filter
def is_retried_by(attachment: Attachment, membership: Membership) -> bool:
    """Whether the button that asks for a file again belongs on it."""
    return can_retry(membership, attachment.media)


@register.filter
def gist(message: Message) -> str:
    """A message in one line."""
    return gist_of(message).text


@register.filter
def day_words(day: date) -> str:
    """Today, yesterday, or the day by name; the browser says it again in its own zone."""
    days = (timezone.localdate() - day).days
    if days in {0, 1}:
        return gettext("Today") if days == 0 else gettext("Yesterday")
    return formats.date_format(day, "l, j F" if days < 300 else "l, j F Y")


@register.filter
def as_input(field: BoundField) -> SafeString:
    """A form's widget in the product's look, tied to its hint and errors."""
    attributes: dict[str, str | bool] = {"class": "input"}
    notes = [
        f"{field.id_for_label}-{name}"
        for name, there in (("hint", field.help_text), ("error", field.errors))
        if there
    ]
    if notes:
        attributes["aria-describedby"] = " ".join(notes)
    if field.errors:
        attributes["aria-invalid"] = "true"
    return field.as_widget(attrs=attributes)
