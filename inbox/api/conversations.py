"""`conversations/`: what the asker may see, newest activity first, or by what changed."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inbox import access, queries, starting
from inbox.api import inputs, parameters, schema, serializers
from inbox.api.errors import FieldErrors
from inbox.cursors import BadCursor
from inbox.reading import with_read_count
from inbox.starting import Start
from messaging.models import Conversation, ConversationState


class ConversationList(APIView):
    """Lists and filters."""

    @extend_schema(
        operation_id="conversation_list",
        parameters=[
            OpenApiParameter("changed_after", int, description="Changed since this number."),
            OpenApiParameter("state", str, enum=ConversationState.values),
            OpenApiParameter("assignee", str, description='A user\'s id, "me" or "none".'),
            OpenApiParameter("channel", int),
            OpenApiParameter("unread", bool),
            OpenApiParameter("q", str, description="Words that were said, a name or an id."),
            *schema.PAGE,
        ],
        responses=schema.page_of(schema.ConversationShape),
    )
    def get(self, request: Request) -> Response:
        """Conversations, newest activity first; with `changed_after`, oldest change first."""
        limit = parameters.limit(request)
        after = parameters.number(request, "changed_after")
        rows = _filtered(request, _readable(request))
        if after is not None:
            return _changed(request, rows, after, limit)
        try:
            page = queries.page_by_activity(
                rows, before=request.query_params.get("before", ""), limit=limit
            )
        except BadCursor as error:
            raise FieldErrors(before="This is not a cursor of ours.") from error
        cursor = {"before": page.cursor} if page.cursor else {}
        return parameters.page(request, page.rows, cursor, serializers.conversation)

    @extend_schema(
        operation_id="conversation_start",
        request=inputs.StartInput,
        responses={
            201: schema.ConversationShape,
            200: OpenApiResponse(schema.ConversationShape, "There was one already."),
            422: OpenApiResponse(description="fields"),
        },
    )
    def post(self, request: Request) -> Response:
        """The conversation with somebody, made with its contact where there is none."""
        fields = inputs.StartInput(data=request.data)
        fields.is_valid(raise_exception=True)
        start = Start(channel=fields.validated_data["channel"], **fields.validated_data["to"])
        found, created = starting.begin(_membership(request), start)
        row = access.conversation_or_404(_membership(request), found.pk, _readable(request))
        return Response(serializers.conversation(row), status=201 if created else 200)


class ConversationDetail(APIView):
    """One conversation."""

    @extend_schema(operation_id="conversation", responses=schema.ConversationShape)
    def get(self, request: Request, conversation_id: int) -> Response:
        """One that the asker may see, else 404."""
        membership = _membership(request)
        found = access.conversation_or_404(membership, conversation_id, _readable(request))
        return Response(serializers.conversation(found))


def _readable(request: Request) -> QuerySet[Conversation]:
    membership = _membership(request)
    seen = with_read_count(access.conversations(membership), membership.user)
    return queries.with_api_parts(seen)


def _filtered(request: Request, rows: QuerySet[Conversation]) -> QuerySet[Conversation]:
    state = parameters.choice(request, "state", list(ConversationState.values))
    channel = parameters.number(request, "channel")
    unread = parameters.flag(request, "unread")
    text = parameters.text(request, "q")
    if text:
        rows = queries.search_conversations(_membership(request), rows, text)
    if state is not None:
        rows = rows.filter(state=state)
    if channel is not None:
        rows = rows.filter(channel_id=channel)
    if unread is True:
        rows = rows.filter(inbound_count__gt=F("read_count"))
    elif unread is False:
        rows = rows.filter(inbound_count__lte=F("read_count"))
    return _of_assignee(request, rows)


def _of_assignee(request: Request, rows: QuerySet[Conversation]) -> QuerySet[Conversation]:
    assignee = request.query_params.get("assignee")
    if assignee is None:
        return rows
    if assignee == "none":
        return rows.filter(assignee__isnull=True)
    if assignee == "me":
        return rows.filter(assignee=_membership(request).user_id)
    return rows.filter(assignee_id=parameters.number(request, "assignee"))


def _changed(request: Request, rows: QuerySet[Conversation], after: int, limit: int) -> Response:
    found = list(rows.filter(changed_seq__gt=after).order_by("changed_seq")[: limit + 1])
    page = found[:limit]
    cursor = {"changed_after": page[-1].changed_seq} if len(found) > limit else {}
    return parameters.page(request, page, cursor, serializers.conversation)


def _membership(request: Request) -> Any:
    """Set by `IsMember`."""
    return request.membership  # type: ignore[attr-defined]  # set by the permission
