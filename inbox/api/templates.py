"""`templates/`: approved texts, what they need filled in, and how fresh that knowledge is."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers as fields
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inbox import templates
from inbox.access import LARGEST_ID
from inbox.api import parameters, schema
from inbox.api.serializers import moment
from outbound.models import MessageTemplate
from outbound.template_parameters import Slot, shape_of


class ParameterShape(fields.Serializer[Any]):
    """One place to fill in."""

    part = fields.ChoiceField(["header", "body", "buttons"])
    name = fields.CharField()
    kind = fields.CharField()
    required = fields.BooleanField()  # type: ignore[assignment]  # a field may have this name
    example = fields.CharField(allow_blank=True)


class TemplateShape(fields.Serializer[Any]):
    """A template as the provider has it."""

    id = fields.IntegerField()
    connection = fields.IntegerField()
    name = fields.CharField()
    language = fields.CharField()
    category = fields.CharField()
    status = fields.CharField()
    quality = fields.CharField(allow_blank=True)
    reason = fields.CharField(allow_blank=True)
    components = fields.JSONField()
    parameters = ParameterShape(many=True)
    as_of = fields.DateTimeField(allow_null=True)


class SyncInput(fields.Serializer[Any]):
    """`POST templates/sync/`."""

    connection = fields.IntegerField(min_value=1, max_value=LARGEST_ID)


class TemplateList(APIView):
    """Lists."""

    @extend_schema(
        operation_id="template_list",
        parameters=[
            OpenApiParameter("channel", int),
            OpenApiParameter("status", str, description="As the provider says it: APPROVED, …"),
            OpenApiParameter("after", int, description="As in `next`."),
            OpenApiParameter("limit", int, description="1 to 200, 50 unless given."),
        ],
        responses=schema.page_of(TemplateShape),
    )
    def get(self, request: Request) -> Response:
        """Templates by name and language, each with when the provider was last asked."""
        limit = parameters.limit(request)
        skipped = parameters.number(request, "after") or 0
        channel_id = parameters.number(request, "channel")
        rows = templates.templates(_membership(request), channel_id)
        if status := parameters.word(request, "status"):
            rows = rows.filter(status=status)
        found = list(rows[skipped : skipped + limit + 1])
        cursor = {"after": skipped + limit} if len(found) > limit else {}
        return parameters.page(request, found[:limit], cursor, template_json)


class TemplateSyncCreate(APIView):
    """Asks the provider anew."""

    @extend_schema(
        operation_id="template_sync",
        request=SyncInput,
        responses={202: OpenApiResponse(description="`{connection, as_of, not_before}`")},
    )
    def post(self, request: Request) -> Response:
        """202: the templates are fetched once the provider's budget allows; for managers."""
        given = SyncInput(data=request.data)
        given.is_valid(raise_exception=True)
        asked = templates.ask_for_sync(_membership(request), given.validated_data["connection"])
        body = {
            "connection": asked.connection.pk,
            "as_of": moment(asked.sync.synced_at),
            "not_before": moment(asked.sync.retry_at),
            "error": asked.sync.error_code or None,
        }
        return Response(body, status=202)


def template_json(row: MessageTemplate) -> dict[str, Any]:
    """A template, to the letter of the contract."""
    shape = shape_of(row.components, row.parameter_format)
    return {
        "id": row.pk,
        "connection": row.connection_id,
        "name": row.name,
        "language": row.language,
        "category": row.category,
        "status": row.status,
        "quality": row.quality,
        "reason": row.reason,
        "components": row.components,
        "parameters": [_slot(slot) for slot in shape.slots],
        "as_of": moment(row.synced_at),
    }


def _slot(slot: Slot) -> dict[str, Any]:
    return {
        "part": slot.part,
        "name": slot.name,
        "kind": slot.kind,
        "required": slot.required,
        "example": slot.example,
    }


def _membership(request: Request) -> Any:
    return request.membership  # type: ignore[attr-defined]  # set by IsMember
