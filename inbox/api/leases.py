"""`conversations/{id}/lock|unlock|heartbeat|takeover`: who is replying here."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inbox import access
from inbox.api import inputs, schema, serializers
from inbox.replies import ReadOnly
from locking import leases
from locking.models import Lease

HELD = OpenApiResponse(description="held: by whom, until when")


class LeaseView(APIView):
    """What the four have in common: a visible conversation, and a role that replies."""

    def resource(self, request: Request, conversation_id: int) -> tuple[str, Any]:
        """The lease's name and the asker. Raises Http404 or ReadOnly."""
        membership: Any = request.membership  # type: ignore[attr-defined]  # set by IsMember
        found = access.conversation_or_404(membership, conversation_id)
        if not membership.replies:
            raise ReadOnly
        return f"conversation:{found.pk}", membership.user


class Lock(LeaseView):
    """Take it."""

    @extend_schema(operation_id="lock", request=None, responses={200: schema.LeaseShape, 409: HELD})
    def post(self, request: Request, conversation_id: int) -> Response:
        """Take the lease, or renew one's own."""
        name, user = self.resource(request, conversation_id)
        return _held(leases.acquire(name, holder=user))


class TakeOver(LeaseView):
    """Take it whoever holds it."""

    @extend_schema(operation_id="takeover", request=None, responses={200: schema.LeaseShape})
    def post(self, request: Request, conversation_id: int) -> Response:
        """Take the lease from its holder."""
        name, user = self.resource(request, conversation_id)
        return _held(leases.take_over(name, holder=user).lease)


class Heartbeat(LeaseView):
    """Hold on to it."""

    @extend_schema(
        operation_id="heartbeat",
        request=inputs.LeaseInput,
        responses={200: schema.LeaseShape, 409: HELD},
    )
    def post(self, request: Request, conversation_id: int) -> Response:
        """Renew the lease that was given under this token."""
        name, user = self.resource(request, conversation_id)
        return _held(leases.renew(name, holder=user, token=_token(request)))


class Unlock(LeaseView):
    """Give it back."""

    @extend_schema(
        operation_id="unlock",
        request=inputs.LeaseInput,
        responses={200: OpenApiResponse(description="Nobody's, or somebody else's, now.")},
    )
    def post(self, request: Request, conversation_id: int) -> Response:
        """Give the lease back; nothing happens where it was not held under this token."""
        name, user = self.resource(request, conversation_id)
        leases.release(name, holder=user, token=_token(request))
        return Response({"lease_token": None, "until": None})


def _held(lease: Lease) -> Response:
    return Response({"lease_token": lease.token, "until": serializers.moment(lease.expires_at)})


def _token(request: Request) -> int:
    fields = inputs.LeaseInput(data=request.data)
    fields.is_valid(raise_exception=True)
    token: int = fields.validated_data["lease_token"]
    return token
