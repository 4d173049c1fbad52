"""`conversations/{id}/assign|unassign|claim|team|resolve|reopen|snooze|priority|labels|unread`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.http import Http404
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers as fields
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inbox import access, queries, triage
from inbox.access import LARGEST_ID
from inbox.api import schema, serializers
from inbox.reading import with_read_count
from inbox.triage import Performed
from messaging.models import Priority

Fields = fields.Serializer[Any]
CLAIMED = OpenApiResponse(description="claimed: who was first")
UNFIT = OpenApiResponse(description="fields")


class AssignInput(Fields):
    """Whom it is given to; `held_by` is who has it on the asker's screen (null: nobody)."""

    assignee = fields.IntegerField(min_value=1, max_value=LARGEST_ID)
    held_by = fields.IntegerField(
        min_value=1, max_value=LARGEST_ID, allow_null=True, required=False
    )


class TeamInput(Fields):
    """A team; null takes it from its team."""

    team = fields.IntegerField(min_value=1, max_value=LARGEST_ID, allow_null=True)


class SnoozeInput(Fields):
    """A moment with its offset from UTC."""

    until = fields.DateTimeField()


class PriorityInput(Fields):
    """How much it matters."""

    priority = fields.ChoiceField(Priority.choices)


class LabelsInput(Fields):
    """Labels to put on and to take off."""

    add = fields.ListField(
        child=fields.IntegerField(min_value=1, max_value=LARGEST_ID), max_length=50, default=list
    )
    remove = fields.ListField(
        child=fields.IntegerField(min_value=1, max_value=LARGEST_ID), max_length=50, default=list
    )


class Act(APIView):
    """What all of them have in common: one conversation, answered as it is afterwards."""

    action: ClassVar[str] = ""
    form: ClassVar[type[Fields] | None] = None

    def post(self, request: Request, conversation_id: int) -> Response:
        """Do it; nothing happens where it is so already."""
        for action, params in self.acts(request):
            performed = triage.perform(_membership(request), action, [conversation_id], params)
            if performed.is_lost:
                return _claimed(performed)
        return _conversation(request, performed.asked[0])

    def acts(self, request: Request) -> Sequence[tuple[str, Mapping[str, str]]]:
        """What is asked for, as `perform` takes it. Raises ValidationError."""
        return [(self.action, self._given(request))]

    def _given(self, request: Request) -> dict[str, str]:
        if self.form is None:
            return {}
        given = self.form(data=request.data)
        given.is_valid(raise_exception=True)
        data: dict[str, Any] = given.validated_data
        return {name: "" if value is None else _text(value) for name, value in data.items()}


def _act(name: str, form: type[Fields] | None = None, base: type[Act] = Act) -> type[Act]:
    described = extend_schema(
        operation_id=name,
        request=form,
        responses={200: schema.ConversationShape, 409: CLAIMED, 422: UNFIT},
    )
    made = type(f"{name.title()}Act", (base,), {"action": name, "form": form})
    return extend_schema_view(post=described)(made)


class LabelsBase(Act):
    """Several labels at once, each an act of its own."""

    def acts(self, request: Request) -> Sequence[tuple[str, Mapping[str, str]]]:
        """Those to put on, then those to take off."""
        given = LabelsInput(data=request.data)
        given.is_valid(raise_exception=True)
        data: dict[str, list[int]] = given.validated_data
        put = [("label_add", {"label": str(pk)}) for pk in data["add"]]
        acts = [*put, *(("label_remove", {"label": str(pk)}) for pk in data["remove"])]
        if not acts:
            raise fields.ValidationError({"add": ["Give labels to add or to remove."]})
        return acts


def _text(value: Any) -> str:
    """A checked value as a form would say it. Any: of whatever field."""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _claimed(performed: Performed) -> Response:
    [first, *_others] = performed.lost.values()
    assignee = {"id": first.pk, "name": str(first)}
    return Response({"code": "claimed", "assignee": assignee}, status=409)


def _conversation(request: Request, conversation_id: int) -> Response:
    membership = _membership(request)
    seen = with_read_count(access.conversations(membership), membership.user)
    try:
        row = access.conversation_or_404(membership, conversation_id, queries.with_api_parts(seen))
    except Http404:
        # Given to a team whose conversations the asker does not see.
        return Response(status=204)
    return Response(serializers.conversation(row))


def _membership(request: Request) -> Any:
    """Set by `IsMember`."""
    return request.membership  # type: ignore[attr-defined]  # set by the permission


PATH = "conversations/<int:conversation_id>/"
ROUTES: dict[str, tuple[str, Any]] = {
    f"{PATH}assign/": ("assign", _act("assign", AssignInput)),
    f"{PATH}unassign/": ("unassign", _act("unassign")),
    f"{PATH}claim/": ("claim", _act("claim")),
    f"{PATH}team/": ("team", _act("team", TeamInput)),
    f"{PATH}resolve/": ("resolve", _act("resolve")),
    f"{PATH}reopen/": ("reopen", _act("reopen")),
    f"{PATH}snooze/": ("snooze", _act("snooze", SnoozeInput)),
    f"{PATH}priority/": ("priority", _act("priority", PriorityInput)),
    f"{PATH}labels/": ("labels", _act("labels", LabelsInput, LabelsBase)),
    f"{PATH}unread/": ("unread", _act("unread")),
}
