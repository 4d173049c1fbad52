"""`messages/`: reading a timeline by number or by time, and answering."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inbox import access, notes, queries, replies, reviewing, starting
from inbox.api import inputs, parameters, schema, serializers
from inbox.api.errors import FieldErrors
from inbox.cursors import BadCursor
from messaging import internal
from messaging.models import Conversation, Membership, Message
from outbound.review import Action


class MessageList(APIView):
    """The timeline of one conversation."""

    @extend_schema(
        operation_id="message_list",
        parameters=[
            OpenApiParameter("after", int, description="Everything with a higher changed_seq."),
            OpenApiParameter("before", str, description="Opaque cursor; empty: the newest page."),
            OpenApiParameter("limit", int),
        ],
        responses=schema.MessagePageShape,
    )
    def get(self, request: Request, conversation_id: int) -> Response:
        """`after`: what was born or changed since, in that order; `before`: pages by time."""
        limit = parameters.limit(request)
        membership = _membership(request)
        found = access.conversation_or_404(
            membership,
            conversation_id,
            access.conversations(membership)
            .select_related("contact")
            .prefetch_related("contact__identities"),
        )
        if "before" in request.query_params:
            return _by_time(request, found, limit)
        return _by_change(request, found, limit)


class MessageSearch(APIView):
    """Looking for what was said."""

    @extend_schema(
        operation_id="message_search",
        parameters=[
            OpenApiParameter("q", str, required=True, description="Words, as in a web search."),
            *schema.PAGE,
        ],
        responses=schema.page_of(schema.MessageShape),
    )
    def get(self, request: Request) -> Response:
        """Messages that hold all words, in body, caption or file name; newest first."""
        text = parameters.text(request, "q")
        if not text:
            raise FieldErrors(q="Say what to look for.")
        try:
            page = queries.page_of_found(
                queries.search_messages(_membership(request), text),
                access.messages(_membership(request)),
                is_rare=queries.is_rare(_membership(request), text),
                before=request.query_params.get("before", ""),
                limit=parameters.limit(request),
            )
        except BadCursor as error:
            raise FieldErrors(before="This is not a cursor of ours.") from error
        cursor = {"before": page.cursor} if page.cursor else {}
        return parameters.page(request, page.rows, cursor, serializers.message)


class MessageSend(APIView):
    """Answering a customer."""

    @extend_schema(
        operation_id="message_send",
        request=inputs.ReplyInput,
        responses={
            201: schema.MessageShape,
            200: OpenApiResponse(schema.MessageShape, "The same request was answered before."),
            409: OpenApiResponse(description="unseen, held or id_reused"),
            422: OpenApiResponse(
                description="fields, or one of window_closed, consent_missing, consent_revoked, "
                "template_missing, template_not_approved, template_parameters"
            ),
        },
    )
    def post(self, request: Request) -> Response:
        """201 with the message; 200 with the first answer to a repeated request."""
        fields = inputs.ReplyInput(data=request.data)
        fields.is_valid(raise_exception=True)
        message, created = _send(_membership(request), fields.validated_data)
        return Response(serializers.newborn(message), status=201 if created else 200)


def _send(membership: Membership, fields: dict[str, Any]) -> tuple[Message, bool]:
    if fields["kind"] == internal.NOTE:
        note = inputs.note_from(fields)
        return notes.add(membership, fields["conversation"], note)
    reply, start = inputs.reply_from(fields), inputs.start_from(fields)
    if start is not None:
        return starting.send_first(membership, start, reply)
    return replies.send_reply(membership, fields["conversation"], reply)


class MessageReview(APIView):
    """Answering for a message that nobody knows of, that failed, or that still waits."""

    @extend_schema(
        operation_id="message_review",
        request=inputs.ReviewInput,
        responses={
            200: schema.MessageShape,
            409: OpenApiResponse(description="not_open: there is nothing to decide (any more)"),
        },
    )
    def post(self, request: Request, message_id: int) -> Response:
        """`send_again`, `mark_sent` (only what needs review), `discard`, or `take_back` (only what
        still waits: 409 once it is on its way); audited.
        """
        membership = _membership(request)
        reviewing.message_or_404(membership, message_id)
        fields = inputs.ReviewInput(data=request.data)
        fields.is_valid(raise_exception=True)
        action = Action(fields.validated_data["action"])
        decided = reviewing.decide(membership, message_id, action)
        rows = queries.with_message_parts(access.messages(membership).filter(pk=decided.pk))
        return Response(serializers.message(rows.get()))


def _by_change(request: Request, found: Conversation, limit: int) -> Response:
    after = parameters.number(request, "after") or 0
    changed = access.messages(_membership(request), found).changed_after(after)
    messages = list(queries.with_message_parts(changed)[: limit + 1])
    page = messages[:limit]
    cursor = {"after": page[-1].changed_seq} if len(messages) > limit else {}
    return _page(request, found, page, cursor)


def _by_time(request: Request, found: Conversation, limit: int) -> Response:
    if "after" in request.query_params:
        raise FieldErrors(before="Give either after or before.")
    before = request.query_params["before"]
    rows = access.messages(_membership(request), found).shown()
    try:
        page = queries.page_of_messages(rows, before=before, limit=limit)
    except BadCursor as error:
        raise FieldErrors(before="This is not a cursor of ours.") from error
    return _page(request, found, page.rows, {"before": page.cursor} if page.cursor else {})


def _page(
    request: Request, found: Conversation, messages: list[Any], cursor: dict[str, Any]
) -> Response:
    return Response(
        {
            "head_seq": found.head_seq,
            "next": parameters.next_url(request, cursor),
            "results": [serializers.message(message, of=found) for message in messages],
        }
    )


def _membership(request: Request) -> Any:
    return request.membership  # type: ignore[attr-defined]  # set by IsMember
