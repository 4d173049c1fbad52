"""Refusals of the API: 422 with fields, 409 with a code, everything else with a sentence."""

from __future__ import annotations

from typing import Any

from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from inbox.api import serializers
from inbox.replies import GoesOn, IdReused, Invalid, ReadOnly, Unseen, WindowClosed
from locking.errors import LeaseHeld, LeaseLost

UNPROCESSABLE = 422


class FieldErrors(Exception):
    """`{errors: {field: […]}}`."""

    def __init__(self, **errors: str) -> None:
        super().__init__(errors)
        self.errors = {name: [sentence] for name, sentence in errors.items()}


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to an exception of a view, or None where it is a fault of ours."""
    if isinstance(error, exceptions.ValidationError):
        detail = error.detail
        errors = detail if isinstance(detail, dict) else {"non_field_errors": detail}
        return Response({"errors": errors}, status=UNPROCESSABLE)
    if isinstance(error, FieldErrors | Invalid):
        return Response({"errors": error.errors}, status=UNPROCESSABLE)
    refusal = _refusal(error)
    return refusal if refusal is not None else exception_handler(error, context)


def _refusal(error: Exception) -> Response | None:
    if isinstance(error, Unseen):
        unseen = [serializers.message(message) for message in error.messages]
        return Response({"code": "unseen", "unseen": unseen}, status=409)
    if isinstance(error, LeaseHeld | LeaseLost):
        return Response(_held(error), status=409)
    if isinstance(error, GoesOn | IdReused):
        return Response(_elsewhere(error), status=409)
    if isinstance(error, ReadOnly):
        return Response({"code": "read_only", "detail": "Your role does not reply."}, status=403)
    if isinstance(error, WindowClosed):
        body = {
            "code": "window_closed",
            "since": serializers.moment(error.since),
            "errors": {"text": ["The customer service window is closed."]},
        }
        return Response(body, status=UNPROCESSABLE)
    return None


def _elsewhere(error: GoesOn | IdReused) -> dict[str, Any]:
    if isinstance(error, GoesOn):
        return {"code": "goes_on", "conversation": error.conversation.pk}
    return {"code": "id_reused"}


def _held(error: LeaseHeld | LeaseLost) -> dict[str, Any]:
    if error.by is None:
        return {"code": "lost", "held_by": None, "until": None}
    return {
        "code": "held",
        "held_by": serializers.person(error.by),
        "until": serializers.moment(error.until),
    }
