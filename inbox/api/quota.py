"""`rate-limits/whatsapp/quota`: how much the organisation may send, and has sent."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inbox import access, quotas
from inbox.access import LARGEST_ID
from inbox.api import parameters, serializers
from inbox.quotas import Quota
from outbound.models import LimiterBackend, QuotaPeriod

PERIOD = OpenApiParameter(
    "period",
    str,
    enum=QuotaPeriod.values,
    description="Without it: the only period that has a limit, else the month.",
)


class QuotaShape(s.Serializer[Any]):
    limit = s.IntegerField(allow_null=True)
    used = s.IntegerField()
    remaining = s.IntegerField(allow_null=True)
    period = s.ChoiceField(QuotaPeriod.choices)
    throttled = s.BooleanField()
    resets_at = s.DateTimeField()
    backend = s.ChoiceField(LimiterBackend.choices)


class QuotaInput(s.Serializer[Any]):
    """A limit of messages, or null for none."""

    limit = s.IntegerField(min_value=0, max_value=LARGEST_ID, allow_null=True)


class QuotaDetail(APIView):
    """The asker's own organisation."""

    @extend_schema(operation_id="quota", parameters=[PERIOD], responses=QuotaShape)
    def get(self, request: Request) -> Response:
        """What may be sent in the period (UTC), what was, and when it begins anew."""
        membership: Any = request.membership  # type: ignore[attr-defined]  # set by IsMember
        return Response(_shown(quotas.read(membership, period=_period(request))))

    @extend_schema(
        operation_id="quota_change",
        parameters=[PERIOD],
        request=QuotaInput,
        responses=QuotaShape,
    )
    def put(self, request: Request) -> Response:
        """Change the limit, for owners and admins."""
        membership: Any = request.membership  # type: ignore[attr-defined]  # set by IsMember
        access.manager_required(membership)
        fields = QuotaInput(data=request.data)
        fields.is_valid(raise_exception=True)
        limit = fields.validated_data["limit"]
        return Response(_shown(quotas.change(membership, period=_period(request), limit=limit)))


def _period(request: Request) -> str | None:
    return parameters.choice(request, "period", list(QuotaPeriod.values))


def _shown(quota: Quota) -> dict[str, Any]:
    usage = quota.usage
    return {
        "limit": usage.limit,
        "used": usage.used,
        "remaining": usage.remaining,
        "period": usage.period,
        "throttled": usage.is_spent,
        "resets_at": serializers.moment(usage.resets_at),
        "backend": quota.backend,
    }
