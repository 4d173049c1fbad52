"""Lists kept under a name, one's own or everybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils.translation import gettext as _

from inbox import access
from inbox.filters import Filters, as_parameters, from_parameters
from inbox.models import SavedView
from inbox.refusals import Invalid
from messaging.models import Role

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from messaging.models import Membership

LONGEST_NAME = 60
MOST_OWN = 50


def seen_by(membership: Membership) -> QuerySet[SavedView]:
    """The member's own and everybody's."""
    rows = SavedView.objects.filter(organization=membership.organization_id)
    return rows.filter(owner=membership.user_id) | rows.filter(owner__isnull=True)


def filters_of(row: SavedView) -> Filters:
    """The list that was saved."""
    return from_parameters({**row.filters, "saved": str(row.pk)})


def may_share(membership: Membership) -> bool:
    """Whether the role makes views for everybody."""
    return membership.manages or membership.role == Role.SUPERVISOR


def may_change(membership: Membership, row: SavedView) -> bool:
    """One's own, and everybody's where the role shares."""
    if row.owner_id is None:
        return may_share(membership)
    return row.owner_id == membership.user_id


def keep(membership: Membership, name: str, filters: Filters, *, is_shared: bool) -> SavedView:
    """Keep a list. Raises Invalid, or PermissionDenied for who does not share."""
    if is_shared and not may_share(membership):
        raise PermissionDenied
    owner = None if is_shared else membership.user_id
    rows = SavedView.objects.filter(organization=membership.organization_id, owner=owner)
    if rows.count() >= MOST_OWN:
        raise Invalid({"name": [_("At most %(most)d views.") % {"most": MOST_OWN}]})
    kept = {key: value for key, value in as_parameters(filters).items() if key != "saved"}
    row = SavedView(organization_id=membership.organization_id, owner_id=owner, filters=kept)
    return _named(row, name)


def rename(membership: Membership, number: int, name: str) -> SavedView:
    """Call it otherwise. Raises Http404, PermissionDenied or Invalid."""
    return _named(_changeable(membership, number), name)


def delete(membership: Membership, number: int) -> None:
    """One less; conversations are untouched. Raises Http404 or PermissionDenied."""
    _changeable(membership, number).delete()


def _changeable(membership: Membership, number: int) -> SavedView:
    known = 0 < number <= access.LARGEST_ID
    row = seen_by(membership).filter(pk=number).first() if known else None
    if row is None:
        raise Http404
    if not may_change(membership, row):
        raise PermissionDenied
    return row


def _named(row: SavedView, name: str) -> SavedView:
    row.name = " ".join(name.replace("\0", "").split())[:LONGEST_NAME]
    if not row.name:
        raise Invalid({"name": [_("A view needs a name.")]})
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Invalid({"name": [_("There is a view with this name.")]}) from error
    return row
