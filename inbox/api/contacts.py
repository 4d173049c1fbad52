"""`contacts/`: people the asker may see, each once, whatever they were merged from."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inbox import access, contacts
from inbox.api import parameters, schema
from inbox.api.serializers import identities_json


class ContactList(APIView):
    """Lists and finds."""

    @extend_schema(
        operation_id="contact_list",
        parameters=[
            OpenApiParameter("q", str, description="Part of a name or of an id."),
            OpenApiParameter("limit", int, description="1 to 200, 50 unless given."),
            OpenApiParameter("before", int, description="As in `next`."),
        ],
        responses=schema.page_of(schema.PersonalContactShape),
    )
    def get(self, request: Request) -> Response:
        """Contacts, the newest first."""
        limit = parameters.limit(request)
        before = parameters.number(request, "before")
        text = parameters.text(request, "q")
        membership = _membership(request)
        rows = access.contacts(membership).order_by("-pk")
        if text:
            rows = contacts.named(rows, text)
        if before is not None:
            rows = rows.filter(pk__lt=before)
        found = list(rows[: limit + 1])
        cursor = {"before": found[limit - 1].pk} if len(found) > limit else {}
        return parameters.page(
            request, contacts.people(membership, found[:limit]), cursor, contact_json
        )


class ContactDetail(APIView):
    """One person."""

    @extend_schema(operation_id="contact", responses=schema.PersonalContactShape)
    def get(self, request: Request, contact_id: int) -> Response:
        """One that the asker may see, else 404; a part that was merged stands for its person."""
        membership = _membership(request)
        found = access.contact_or_404(membership, contact_id)
        return Response(contact_json(contacts.people(membership, [found])[0]))


def contact_json(person: contacts.Person) -> dict[str, Any]:
    """A person, to the letter of the contract."""
    return {
        "id": person.contact.pk,
        "name": person.contact.name,
        "identities": identities_json(person.identities),
        "blocked": False,
        "opted_out": person.contact.opted_out_at is not None,
        "conversations": [conversation.pk for conversation in person.conversations],
    }


def _membership(request: Request) -> Any:
    return request.membership  # type: ignore[attr-defined]  # set by IsMember
