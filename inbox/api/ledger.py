"""`ledger/?wamid=`: how a message got here, or where it went."""

from __future__ import annotations

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inbox import traces
from inbox.api import parameters, schema
from inbox.api.errors import FieldErrors


class LedgerTrace(APIView):
    """The story of one provider id."""

    @extend_schema(
        operation_id="ledger_trace",
        parameters=[
            OpenApiParameter("wamid", str, required=True),
            OpenApiParameter("channel", int, description="Where one id came on two channels."),
        ],
        responses=schema.TraceShape,
    )
    def get(self, request: Request) -> Response:
        """Deliveries with their outcomes, the message, its attempts and its statuses."""
        wamid = request.query_params.get("wamid", "")
        if not wamid or "\0" in wamid:
            raise FieldErrors(wamid="Give the provider's id of a message.")
        story = traces.visible_trace(
            request.membership,  # type: ignore[attr-defined]  # set by IsMember
            wamid,
            channel_id=parameters.number(request, "channel"),
        )
        if story is None:
            raise Http404
        return Response(story)
