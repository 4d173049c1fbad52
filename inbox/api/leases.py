"""`conversations/{id}/lock|unlock|heartbeat|takeover`: who is replying here."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inbox import leasing
from inbox.api import inputs, schema, serializers
from locking.models import Lease

HELD = OpenApiResponse(description="held: by whom, until when")
LOST = OpenApiResponse(description="held: by whom, until when; or lost: nobody holds it")


class Lock(APIView):
    """Take it."""

    @extend_schema(operation_id="lock", request=None, responses={200: schema.LeaseShape, 409: HELD})
    def post(self, request: Request, conversation_id: int) -> Response:
        """Take the lease, or renew one's own."""
        return _held(leasing.lock(_membership(request), conversation_id))


class TakeOver(APIView):
    """Take it whoever holds it."""

    @extend_schema(operation_id="takeover", request=None, responses={200: schema.LeaseShape})
    def post(self, request: Request, conversation_id: int) -> Response:
        """Take the lease from its holder, who is told at once; audited."""
        return _held(leasing.take_over(_membership(request), conversation_id))


class Heartbeat(APIView):
    """Hold on to it."""

    @extend_schema(
        operation_id="heartbeat",
        request=inputs.LeaseInput,
        responses={200: schema.LeaseShape, 409: LOST},
    )
    def post(self, request: Request, conversation_id: int) -> Response:
        """Renew the lease that was given under this token."""
        return _held(leasing.heartbeat(_membership(request), conversation_id, _token(request)))


class Unlock(APIView):
    """Give it back."""

    @extend_schema(
        operation_id="unlock",
        request=inputs.LeaseInput,
        responses={200: OpenApiResponse(description="Nobody's, or somebody else's, now.")},
    )
    def post(self, request: Request, conversation_id: int) -> Response:
        """Give the lease back; nothing happens where it was not held under this token."""
        leasing.unlock(_membership(request), conversation_id, _token(request))
        return Response({"lease_token": None, "until": None})


def _membership(request: Request) -> Any:
    return request.membership  # type: ignore[attr-defined]  # set by IsMember


def _held(lease: Lease) -> Response:
    return Response({"lease_token": lease.token, "until": serializers.moment(lease.expires_at)})


def _token(request: Request) -> int:
    fields = inputs.LeaseInput(data=request.data)
    fields.is_valid(raise_exception=True)
    token: int = fields.validated_data["lease_token"]
    return token
