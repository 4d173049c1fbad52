"""Refusals of the API: 422 with fields, 409 with a code, everything else with a sentence."""

from __future__ import annotations

from typing import Any

from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from inbox import words
from inbox.api import serializers
from inbox.refusals import ConsentNeeded, TemplateUnfit
from inbox.replies import GoesOn, IdReused, Invalid, ReadOnly, Unseen, WindowClosed
from locking.errors import LeaseHeld, LeaseLost
from outbound.review import NotOpen

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
    if isinstance(error, NotOpen):
        return Response({"code": "not_open", "state": error.state or None}, status=409)
    if isinstance(error, ReadOnly):
        return Response({"code": "read_only", "detail": "Your role does not reply."}, status=403)
    body = _unprocessable(error)
    return None if body is None else Response(body, status=UNPROCESSABLE)


def _unprocessable(error: Exception) -> dict[str, Any] | None:
    if isinstance(error, WindowClosed):
        return {
            "code": "window_closed",
            "since": serializers.moment(error.since),
            "errors": {"text": ["The customer service window is closed."]},
        }
    if isinstance(error, TemplateUnfit):
        return {"code": error.code, "errors": error.errors}
    if isinstance(error, ConsentNeeded):
        sentence = words.error_sentence(error.code, "")
        return {"code": error.code, "detail": sentence, "errors": {"to": [sentence]}}
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
