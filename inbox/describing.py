"""Members name a person and note details of them; the audit keeps which, not what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from inbox import access, audit
from inbox.refusals import Invalid, ReadOnly
from messaging import describing, timeline
from messaging.describing import LONGEST_NAME, LONGEST_VALUE, MOST_DETAILS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from messaging.models import Contact, Membership

LONGEST_CONTACT_NAME = 200


def rename(membership: Membership, contact_id: int, name: str) -> Contact:
    """Call them `name`; "" for what their ids say. Raises Http404, ReadOnly or Invalid."""
    contact = _theirs(membership, contact_id)
    name = _plain(name)
    if len(name) > LONGEST_CONTACT_NAME:
        raise Invalid({"name": [_("A name has at most 200 characters.")]})
    if name == contact.name:
        return contact
    with transaction.atomic():
        conversations = describing.rename(contact.pk, name)
        _record(membership, contact, "rename_contact", [])
        timeline.publish(conversations.values())
    contact.name = name
    return contact


def note(membership: Membership, contact_id: int, former: str, name: str, value: str) -> Contact:
    """Add a detail, or change the one called `former`, its name too.

    Raises Http404, ReadOnly or Invalid.
    """
    name, value = _plain(name), _plain(value)
    if not name:
        raise Invalid({"name": [_("Give this detail a name.")]})
    is_renamed = former != name
    return describe(
        membership,
        contact_id,
        {name: value},
        without=[former] if former and is_renamed else (),
        fresh=[name] if is_renamed else (),
    )


def describe(
    membership: Membership,
    contact_id: int,
    given: Mapping[str, str],
    *,
    without: Collection[str] = (),
    fresh: Collection[str] = (),
) -> Contact:
    """Set and drop details at once. Raises Http404, ReadOnly or Invalid."""
    contact = _theirs(membership, contact_id)
    given = {_plain(name): _plain(value) for name, value in given.items()}
    _check(given)
    with transaction.atomic():
        contact.attributes = _write(contact, given, without, fresh)
        _record(membership, contact, "describe_contact", sorted({*given, *without}))
    return contact


def _theirs(membership: Membership, contact_id: int) -> Contact:
    contact = access.contact_or_404(membership, contact_id)
    if not membership.replies:
        raise ReadOnly
    return contact


def _write(
    contact: Contact, given: Mapping[str, str], without: Collection[str], fresh: Collection[str]
) -> dict[str, str]:
    try:
        return describing.describe(contact.pk, given, without=without, fresh=fresh)
    except describing.Exists as error:
        said = _("There is a detail called %(name)s already.") % {"name": error.name}
        raise Invalid({"name": [said]}) from error
    except describing.TooMany as error:
        said = _("A contact has at most %(most)d details.") % {"most": MOST_DETAILS}
        raise Invalid({"attributes": [said]}) from error


def _check(given: Mapping[str, str]) -> None:
    if any(not name or len(name) > LONGEST_NAME for name in given):
        said = _("A detail's name has 1 to %(most)d characters.") % {"most": LONGEST_NAME}
        raise Invalid({"name": [said]})
    if any(len(value) > LONGEST_VALUE for value in given.values()):
        said = _("A detail has at most %(most)d characters.") % {"most": LONGEST_VALUE}
        raise Invalid({"value": [said]})


def _plain(text: str) -> str:
    return text.replace("\0", "").replace("\r\n", "\n").strip()


def _record(membership: Membership, contact: Contact, action: str, names: list[str]) -> None:
    audit.record(
        contact.organization_id,
        action,
        f"contact:{contact.pk}",
        by=membership.user,
        details={"details": names} if names else None,
    )
