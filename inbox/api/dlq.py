"""`dlq/`: work that could not be done, and the order to try it again."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inbox import access, cursors, failures
from inbox.api import inputs, parameters, schema, serializers
from inbox.api.errors import FieldErrors
from messaging import dead_letters
from messaging.dead_letters import Filters
from messaging.models import DeadLetter, DeadLetterSource, DeadLetterState, User

CODE = OpenApiParameter("code", str, description="Class of the error.")
STATE = OpenApiParameter("state", str, enum=DeadLetterState.values)
CHANNEL = OpenApiParameter("channel", int)
PAGE = schema.page_of(schema.DeadLetterShape)


class DeadLetterList(APIView):
    """Every source, or the one that `source` names for an address of its own."""

    source = ""

    @extend_schema(
        operation_id="dlq_list",
        parameters=[
            OpenApiParameter("source", str, enum=DeadLetterSource.values),
            CHANNEL,
            CODE,
            STATE,
            *schema.PAGE,
        ],
        responses=PAGE,
    )
    def get(self, request: Request) -> Response:
        """Dead letters in every state, those that failed last first."""
        limit = parameters.limit(request)
        rows = dead_letters.matching(_readable(request), self._filters(request))
        found = list(_before(request, rows).order_by("-last_at", "-pk")[: limit + 1])
        page = found[:limit]
        more = len(found) > limit
        cursor = {"before": cursors.encode(page[-1].last_at, page[-1].pk)} if more else {}
        return parameters.page(request, page, cursor, serializers.dead_letter)

    def _filters(self, request: Request) -> Filters:
        return Filters(
            source=self.source
            or parameters.choice(request, "source", list(DeadLetterSource.values))
            or "",
            channel=parameters.number(request, "channel"),
            code=parameters.word(request, "code"),
            state=parameters.choice(request, "state", list(DeadLetterState.values)) or "",
        )


class OutboundDeadLetterList(DeadLetterList):
    """`outbound-messages/dlq/`."""

    source = DeadLetterSource.OUTBOUND

    @extend_schema(
        operation_id="outbound_dlq_list",
        parameters=[CHANNEL, CODE, STATE, *schema.PAGE],
        responses=PAGE,
    )
    def get(self, request: Request) -> Response:
        """`dlq/?source=outbound`."""
        return super().get(request)


class DeadLetterRetry(APIView):
    """`POST dlq/retry/`, for owners and admins."""

    @extend_schema(
        operation_id="dlq_retry",
        request=inputs.RetryInput,
        responses=schema.RetriedShape,
    )
    def post(self, request: Request) -> Response:
        """Try again what is open of `ids`, or all that fits; what is not done at once follows."""
        ids, _ = _chosen(request, inputs.RetryInput)
        return Response({"retried": failures.retry(ids, by=_asker(request))})


class DeadLetterDiscard(APIView):
    """`POST dlq/discard/`, for owners and admins."""

    @extend_schema(
        operation_id="dlq_discard",
        request=inputs.DiscardInput,
        responses=schema.DiscardedShape,
    )
    def post(self, request: Request) -> Response:
        """Close what is open of `ids`, or all that fits, for good and with a reason."""
        ids, fields = _chosen(request, inputs.DiscardInput)
        count = failures.discard(ids, by=_asker(request), reason=fields["reason"])
        return Response({"discarded": count})


def _chosen(request: Request, form: type[inputs.LettersInput]) -> tuple[list[int], dict[str, Any]]:
    """The letters that a manager's request names, and its other fields."""
    rows = _readable(request)
    access.manager_required(request.membership)  # type: ignore[attr-defined]  # set by IsMember
    fields = form(data=request.data)
    fields.is_valid(raise_exception=True)
    wanted = _wanted(rows, fields.validated_data)
    ids = wanted.order_by("pk").values_list("pk", flat=True)[: inputs.MOST_RETRIED]
    return list(ids), fields.validated_data


def _asker(request: Request) -> User:
    user: Any = request.user
    assert isinstance(user, User)  # noqa: S101 - members are users
    return user


def _wanted(rows: QuerySet[DeadLetter], fields: dict[str, Any]) -> QuerySet[DeadLetter]:
    if fields["ids"]:
        return rows.filter(pk__in=fields["ids"])
    filters = Filters(
        source=fields["source"],
        channel=fields["channel"],
        code=fields["code"],
        state=fields["state"] or DeadLetterState.FAILED,
    )
    return dead_letters.matching(rows, filters)


def _before(request: Request, rows: QuerySet[DeadLetter]) -> QuerySet[DeadLetter]:
    value = request.query_params.get("before", "")
    if not value:
        return rows
    try:
        last_at, pk = cursors.decode(value)
    except cursors.BadCursor as error:
        raise FieldErrors(before="This is not a cursor of ours.") from error
    return rows.filter(Q(last_at__lt=last_at) | Q(last_at=last_at, pk__lt=pk))


def _readable(request: Request) -> QuerySet[DeadLetter]:
    membership: Any = request.membership  # type: ignore[attr-defined]  # set by IsMember
    if not access.reads_dead_letters(membership):
        raise PermissionDenied
    return access.dead_letters(membership)
