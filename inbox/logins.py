"""Logging in with a limit on tries, per address and per account, kept in Postgres."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.db.models import Count, Q
from django.db.models.functions import Now
from django.http import HttpRequest

from inbox.addresses import client_address
from inbox.models import LoginAttempt
from messaging.models import User


@dataclass(eq=False)
class TooManyAttempts(Exception):
    """This address or this account has tried too often; `seconds` until it may be worth it."""

    seconds: int


class Accounts(ModelBackend):
    """People by email and password; each request reads them with their preferences."""

    def get_user(self, user_id: int) -> User | None:
        """One query; None for who is gone or switched off."""
        user = User.objects.select_related("profile").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None


def log_in(request: HttpRequest, *, email: str, password: str) -> User | None:
    """The user with these words, or None; the same time and answer whether or not one exists.

    The try is written down before it is counted, so parallel ones cannot slip through. One that
    is refused is not counted: waiting helps. Raises TooManyAttempts.
    """
    window = timedelta(seconds=settings.LOGIN_ATTEMPTS_WINDOW_SECONDS)
    LoginAttempt.objects.filter(attempted_at__lt=Now() - window).delete()
    attempt = LoginAttempt.objects.create(
        address=client_address(request), account_key=_account_key(email)
    )
    if _is_over_limit(attempt, window):
        attempt.delete()
        raise TooManyAttempts(settings.LOGIN_ATTEMPTS_WINDOW_SECONDS)
    user = authenticate(request, username=email.strip(), password=password)
    if user is None:
        return None
    LoginAttempt.objects.filter(account_key=attempt.account_key).delete()
    assert isinstance(user, User)  # noqa: S101 - AUTH_USER_MODEL
    return user


def _is_over_limit(attempt: LoginAttempt, window: timedelta) -> bool:
    recent = LoginAttempt.objects.filter(attempted_at__gte=Now() - window).filter(
        Q(address=attempt.address) | Q(account_key=attempt.account_key)
    )
    counts = recent.aggregate(
        from_address=Count("pk", filter=Q(address=attempt.address)),
        for_account=Count("pk", filter=Q(account_key=attempt.account_key, address=attempt.address)),
        everywhere=Count("pk", filter=Q(account_key=attempt.account_key)),
    )
    return bool(
        counts["from_address"] > settings.LOGIN_ATTEMPTS_PER_ADDRESS
        or counts["for_account"] > settings.LOGIN_ATTEMPTS_PER_ACCOUNT
        # Guessing from many addresses ends too, but a stranger's five tries lock nobody out.
        or counts["everywhere"] > settings.LOGIN_ATTEMPTS_PER_ACCOUNT * 20
    )


def _account_key(email: str) -> str:
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()
