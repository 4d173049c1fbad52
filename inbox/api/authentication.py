"""Bearer tokens: hashed at rest, revocable, several per person."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication
from knox.models import AuthToken
from rest_framework.exceptions import AuthenticationFailed


class BearerToken(TokenAuthentication):  # type: ignore[misc]  # knox has no types
    """`Authorization: Bearer <token>`; the first in line, so a stranger gets 401."""

    def authenticate_credentials(self, token: bytes) -> Any:
        """The user and the token; bytes that are no text are no token."""
        try:
            token.decode("ascii")
        except UnicodeDecodeError as error:
            raise AuthenticationFailed from error
        return super().authenticate_credentials(token)

    def _cleanup_token(self, auth_token: AuthToken) -> bool:
        """Whether it has run out. Knox would read all tokens of its owner, with every request, to
        delete those that have; here they go when the next one is made.
        """
        return auth_token.expiry is not None and auth_token.expiry <= timezone.now()


class BearerTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document names it; found by being a subclass."""

    target_class = BearerToken
    name = "bearerToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """The scheme's entry."""
        return {"type": "http", "scheme": "bearer"}
