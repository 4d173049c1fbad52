"""`contacts/`: people the asker may see, each once, whatever they were merged from.

What is noted of them is changed by PATCH; they are blocked, let in again and merged by POST.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from inbox import access, blocking, contacts, describing
from inbox.api import parameters, schema
from inbox.api.contact_inputs import ContactInput, MergeInput
from inbox.api.serializers import identities_json
from messaging.models import Contact, Membership


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
    """Shows one person, and takes what the team notes of them."""

    @extend_schema(operation_id="contact", responses=schema.PersonalContactShape)
    def get(self, request: Request, contact_id: int) -> Response:
        """One that the asker may see, else 404; a part that was merged stands for its person."""
        membership = _membership(request)
        return _told(membership, access.contact_or_404(membership, contact_id))

    @extend_schema(
        operation_id="contact_change",
        request=ContactInput,
        responses=schema.PersonalContactShape,
    )
    def patch(self, request: Request, contact_id: int) -> Response:
        """Name and details; a detail that is null is dropped, one that is not named stays."""
        fields = _checked(ContactInput, request)
        membership = _membership(request)
        given = fields.get("attributes", {})
        with transaction.atomic():
            found = access.contact_or_404(membership, contact_id)
            if "name" in fields:
                found = describing.rename(membership, contact_id, fields["name"])
            if given:
                found = describing.describe(
                    membership,
                    contact_id,
                    {name: value for name, value in given.items() if value is not None},
                    without=[name for name, value in given.items() if value is None],
                )
        return _told(membership, found)


class ContactBlock(APIView):
    """Blocks somebody: what they send is kept and disturbs nobody, nothing is sent to them."""

    is_blocked = True

    @extend_schema(
        operation_id="contact_block", request=None, responses=schema.PersonalContactShape
    )
    def post(self, request: Request, contact_id: int) -> Response:
        """The person as they are then; the same again changes nothing."""
        membership = _membership(request)
        found = blocking.set_blocked(membership, contact_id, is_blocked=self.is_blocked)
        return _told(membership, found)


class ContactUnblock(ContactBlock):
    """Lets somebody in again."""

    is_blocked = False

    @extend_schema(
        operation_id="contact_unblock", request=None, responses=schema.PersonalContactShape
    )
    def post(self, request: Request, contact_id: int) -> Response:
        """The person as they are then; the same again changes nothing."""
        return super().post(request, contact_id)


class ContactMergeCreate(APIView):
    """Two contacts who are one person."""

    @extend_schema(
        operation_id="contact_merge",
        request=MergeInput,
        responses=schema.PersonalContactShape,
    )
    def post(self, request: Request, contact_id: int) -> Response:
        """The one known longer, who now stands for both."""
        fields = _checked(MergeInput, request)
        membership = _membership(request)
        return _told(membership, contacts.join(membership, contact_id, fields["contact"]))


def _checked(shape: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    checked = shape(data=request.data)
    checked.is_valid(raise_exception=True)
    fields: dict[str, Any] = checked.validated_data
    return fields


def _told(membership: Membership, contact: Contact) -> Response:
    return Response(contact_json(contacts.people(membership, [contact])[0]))


def contact_json(person: contacts.Person) -> dict[str, Any]:
    """A person, to the letter of the contract."""
    return {
        "id": person.contact.pk,
        "name": person.contact.name,
        "identities": identities_json(person.identities),
        "blocked": person.contact.blocked_at is not None,
        "opted_out": person.contact.opted_out_at is not None,
        "attributes": person.contact.attributes,
        "conversations": [conversation.pk for conversation in person.conversations],
    }


def _membership(request: Request) -> Any:
    return request.membership  # type: ignore[attr-defined]  # set by IsMember
