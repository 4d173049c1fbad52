"""Whose language counts: the one somebody chose, else what their browser asks for."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.http import HttpRequest

    from messaging.models import User

# Asked by machines every few seconds, and answered even while Postgres is away.
WORDLESS = ("/health/", "/metrics")


class LanguageMiddleware(MiddlewareMixin):
    """After LocaleMiddleware, which knows the browser only: who is logged in may have chosen.

    Programs with a token are no browser: their `Accept-Language` counts alone.
    """

    def process_request(self, request: HttpRequest) -> None:
        """The choice came along with the user, so this asks for nothing more."""
        if request.path.startswith(WORDLESS):
            return
        language = chosen_by(request.user)
        if language:
            translation.activate(language)
            request.LANGUAGE_CODE = language


def chosen_by(user: User | AnonymousUser) -> str:
    """The language of somebody's pages; "" where their browser decides."""
    profile = getattr(user, "profile", None)
    language: str = profile.language if profile else ""
    return language if language in dict(settings.LANGUAGES) else ""


def spoken_to(user: User | None) -> AbstractContextManager[None]:
    """For what is written to one person: their language, or the one that is spoken already."""
    language = chosen_by(user) if user else ""
    return translation.override(language or translation.get_language())
