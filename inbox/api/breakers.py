"""`breakers/`: through what nothing is sent now, and a person's word over it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inbox import access, breakers
from inbox.access import LARGEST_ID
from inbox.api.serializers import moment, person
from messaging.models import Channel, Connection
from outbound.breakers import scopes
from outbound.models import Breaker


class BreakerShape(s.Serializer[Any]):
    id = s.IntegerField()
    scope = s.CharField(
        help_text="`channel`, `connection`, or `host`, which several organisations may share."
    )
    name = s.CharField()
    channel = s.IntegerField(allow_null=True)
    connection = s.CharField()
    state = s.ChoiceField(["closed", "open", "half_open"])
    reason = s.CharField()
    failures = s.IntegerField()
    opened_at = s.DateTimeField(allow_null=True)
    retry_at = s.DateTimeField(allow_null=True)
    override = s.ChoiceField(["open", "closed"], allow_null=True)
    override_by = s.JSONField(allow_null=True)
    override_at = s.DateTimeField(allow_null=True)


class BreakerPage(s.Serializer[Any]):
    next = s.URLField(allow_null=True)
    results = BreakerShape(many=True)


class OverrideInput(s.Serializer[Any]):
    """`open` pauses sending, `closed` sends whatever is observed, `none` lifts either."""

    channel = s.IntegerField(min_value=1, max_value=LARGEST_ID, required=False)
    connection = s.SlugField(required=False, help_text="The connection's slug.")
    override = s.ChoiceField(list(breakers.OVERRIDES))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One subject."""
        if ("channel" in attrs) == ("connection" in attrs):
            raise s.ValidationError({"channel": "Give a channel or a connection."})
        return attrs


class BreakerList(APIView):
    """Breakers of the organisation's numbers, connections and their hosts, for owners and admins;
    over a host an operator decides, in the admin.
    """

    @extend_schema(operation_id="breaker_list", responses=BreakerPage)
    def get(self, request: Request) -> Response:
        """Every one that has ever failed or been decided on; few, so in one page."""
        rows = access.breakers(_managing(request)).order_by("pk")
        return Response({"next": None, "results": [breaker_json(row) for row in rows]})

    @extend_schema(operation_id="breaker_override", request=OverrideInput, responses=BreakerShape)
    def put(self, request: Request) -> Response:
        """Decide for a number or a connection, audited."""
        membership = _managing(request)
        fields = OverrideInput(data=request.data)
        fields.is_valid(raise_exception=True)
        subject = _subject(membership, fields.validated_data)
        breaker = breakers.decide(subject, fields.validated_data["override"], by=membership.user)
        return Response(breaker_json(breaker))

    @extend_schema(
        operation_id="breaker_override_post", request=OverrideInput, responses=BreakerShape
    )
    def post(self, request: Request) -> Response:
        """The same as PUT."""
        return self.put(request)


def breaker_json(row: Breaker) -> dict[str, Any]:
    """One breaker."""
    connection = row.connection or (row.channel.connection if row.channel else None)
    owner = row.channel or row.connection
    return {
        "id": row.pk,
        "scope": scopes.kind_of(row.scope),
        "name": owner.name if owner else row.scope.partition(":")[2],
        "channel": row.channel_id,
        "connection": connection.slug if connection else "",
        "state": row.state,
        "reason": row.reason_code,
        "failures": row.failures,
        "opened_at": moment(row.opened_at),
        "retry_at": moment(row.retry_at),
        "override": row.override or None,
        "override_by": person(row.override_by) if owner else None,
        "override_at": moment(row.override_at),
    }


def _managing(request: Request) -> Any:
    membership: Any = request.membership  # type: ignore[attr-defined]  # set by IsMember
    if not membership.manages:
        raise PermissionDenied
    return membership


def _subject(membership: Any, fields: dict[str, Any]) -> Channel | Connection:
    found: Channel | Connection | None
    if "channel" in fields:
        found = access.channels(membership).filter(pk=fields["channel"]).first()
    else:
        found = access.connections(membership).filter(slug=fields["connection"]).first()
    if found is None:
        raise Http404
    return found
