"""`auth/token/`: email and password for a bearer token."""

from __future__ import annotations

from django.contrib.auth.signals import user_logged_in
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from knox.models import AuthToken
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inbox.api import inputs, schema, serializers
from inbox.api.authentication import BearerToken
from inbox.logins import TooManyAttempts, log_in


class TokenCreate(APIView):
    """The way in for programs, with the same limits as the login page."""

    # A browser's session plays no part here, so neither does its CSRF token.
    authentication_classes: list[type[BearerToken]] = []
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="token_create",
        request=inputs.CredentialsInput,
        responses={
            201: schema.TokenShape,
            401: OpenApiResponse(description="These do not belong together."),
            429: OpenApiResponse(description="Too many attempts."),
        },
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """A new token; it is shown once and kept as a hash."""
        fields = inputs.CredentialsInput(data=request.data)
        fields.is_valid(raise_exception=True)
        try:
            user = log_in(request._request, **fields.validated_data)
        except TooManyAttempts as refusal:
            raise Throttled(wait=refusal.seconds) from refusal
        if user is None:
            raise AuthenticationFailed("This email and password do not belong together.")
        AuthToken.objects.filter(user=user, expiry__lte=timezone.now()).delete()
        instance, token = AuthToken.objects.create(user=user)
        user_logged_in.send(sender=type(user), request=request._request, user=user)
        return Response(
            {"token": token, "expires_at": serializers.moment(instance.expiry)}, status=201
        )

    def get_authenticate_header(self, request: Request) -> str:
        """Makes a refusal 401 instead of 403."""
        return "Bearer"
