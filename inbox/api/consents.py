"""`contacts/{id}/consents/`: the ledger of what a contact allows."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as fields
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inbox import access, consents
from inbox.access import LARGEST_ID
from inbox.api import schema
from inbox.api.serializers import moment, person
from outbound.models import Consent, ConsentAction, ConsentScope

ACTIONS = {"grant": ConsentAction.GRANTED, "revoke": ConsentAction.REVOKED}


class ConsentInput(fields.Serializer[Any]):
    """`POST contacts/{id}/consents/`."""

    action = fields.ChoiceField(list(ACTIONS))
    scope = fields.ChoiceField(ConsentScope.choices, default=ConsentScope.ALL.value)
    source = fields.CharField(  # type: ignore[assignment]  # a field may have this name
        max_length=40, help_text="Where it was said: web_form, counter, phone, …"
    )
    proof = fields.CharField(max_length=2000, default="", allow_blank=True)
    channel = fields.IntegerField(min_value=1, max_value=LARGEST_ID, allow_null=True, default=None)
    at = fields.DateTimeField(allow_null=True, default=None)

    def validate_at(self, value: Any) -> Any:
        """Nobody has agreed tomorrow."""
        if value is not None and value > timezone.now():
            raise fields.ValidationError("Give a time that has been.")
        return value


class ConsentShape(fields.Serializer[Any]):
    """A line of the ledger."""

    id = fields.IntegerField()
    contact = fields.IntegerField()
    channel = fields.IntegerField(allow_null=True)
    action = fields.ChoiceField(ConsentAction.choices)
    scope = fields.ChoiceField(ConsentScope.choices)
    source = fields.CharField()  # type: ignore[assignment]  # a field may have this name
    proof = fields.CharField(allow_blank=True)
    message = fields.IntegerField(allow_null=True)
    at = fields.DateTimeField()
    recorded_at = fields.DateTimeField()
    recorded_by = schema.PersonShape(allow_null=True)


class ConsentList(APIView):
    """Reads and adds."""

    @extend_schema(operation_id="consent_list", responses=schema.page_of(ConsentShape))
    def get(self, request: Request, contact_id: int) -> Response:
        """What the person said, the newest first; the newest line of a scope counts."""
        contact = access.contact_or_404(_membership(request), contact_id)
        lines = [consent_json(line) for line in consents.ledger(contact)]
        return Response({"next": None, "results": lines})

    @extend_schema(
        operation_id="consent_create", request=ConsentInput, responses={201: ConsentShape}
    )
    def post(self, request: Request, contact_id: int) -> Response:
        """Note that the contact said yes or no."""
        given = ConsentInput(data=request.data)
        given.is_valid(raise_exception=True)
        note = consents.Note(
            **{**given.validated_data, "action": ACTIONS[given.validated_data["action"]]}
        )
        line = consents.note(_membership(request), contact_id, note)
        return Response(consent_json(line), status=201)


def consent_json(row: Consent) -> dict[str, Any]:
    """A line, to the letter of the contract."""
    return {
        "id": row.pk,
        "contact": row.contact_id,
        "channel": row.channel_id,
        "action": row.action,
        "scope": row.scope,
        "source": row.source,
        "proof": row.proof,
        "message": row.message_id,
        "at": moment(row.at),
        "recorded_at": moment(row.recorded_at),
        "recorded_by": person(row.recorded_by),
    }


def _membership(request: Request) -> Any:
    return request.membership  # type: ignore[attr-defined]  # set by IsMember
