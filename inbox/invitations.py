"""Invitations: a link by mail that makes its reader a member; only a hash of it is kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.core.mail import send_mail
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from inbox import languages
from messaging.models import Invitation, Membership, Role, User

VALID = timedelta(days=7)


class InvitationGone(Exception):
    """Unknown, used or expired; nobody is told which."""


class MayNotInvite(Exception):
    """The inviter's role does not hand out this one."""


class AlreadyMember(Exception):
    """This address belongs to a member of the organisation."""


def invite(membership: Membership, *, email: str, role: str) -> str:
    """Store an invitation and give its secret, the only time it is known.

    Earlier open ones to the same address end. Raises MayNotInvite or AlreadyMember.
    """
    if not membership.manages or (role == Role.OWNER and membership.role != Role.OWNER):
        raise MayNotInvite
    organization = membership.organization
    if organization.memberships.filter(user__email__iexact=email).exists():
        raise AlreadyMember
    token = secrets.token_urlsafe(32)
    now = timezone.now()
    with transaction.atomic():
        open_ones = organization.invitations.filter(email__iexact=email, accepted_at=None)
        open_ones.filter(expires_at__gt=now).update(expires_at=now)
        organization.invitations.create(
            email=email.lower(),
            role=role,
            token_hash=_hash(token),
            invited_by=membership.user,
            expires_at=now + VALID,
        )
    return token


def send_invitation(membership: Membership, *, email: str, link: str) -> None:
    """Mail the link; raises what the mail server raises.

    In the language of an account with this address, else in the one that the inviter speaks.
    """
    context = {"membership": membership, "link": link, "days": VALID.days}
    invited = User.objects.select_related("profile").filter(email__iexact=email).first()
    with languages.spoken_to(invited):
        subject = _("Join %(organization)s") % {"organization": membership.organization.name}
        body = render_to_string("inbox/mail/invitation.txt", context)
    send_mail(subject, body, None, [email])


def find(token: str) -> Invitation:
    """The open invitation behind a link. Raises InvitationGone."""
    return _open(Invitation.objects.select_related("organization", "invited_by"), token)


def accept_as(token: str, user: User) -> Membership:
    """Make `user`, whose address was invited, a member. Raises InvitationGone."""
    with transaction.atomic():
        invitation = _open(Invitation.objects.select_for_update(of=("self",)), token)
        if user.email.lower() != invitation.email.lower():
            raise InvitationGone
        return _join(invitation, user)


def accept_as_new(token: str, *, name: str, password: str) -> User:
    """Make an account for the invited address, and a member of it. Raises InvitationGone."""
    with transaction.atomic():
        invitation = _open(Invitation.objects.select_for_update(of=("self",)), token)
        if User.objects.filter(email__iexact=invitation.email).exists():
            raise InvitationGone
        user = User.objects.create_user(invitation.email, password, name=name)
        _join(invitation, user)
    return user


def _open(rows: QuerySet[Invitation], token: str) -> Invitation:
    from_rows = rows.filter(
        token_hash=_hash(token), accepted_at=None, expires_at__gt=timezone.now()
    )
    found = from_rows.first()
    if found is None:
        raise InvitationGone
    return found


def _join(invitation: Invitation, user: User) -> Membership:
    membership, _created = Membership.objects.get_or_create(
        organization_id=invitation.organization_id,
        user=user,
        defaults={"role": invitation.role},
    )
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    return membership


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
