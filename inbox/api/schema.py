"""Shapes for the OpenAPI document; `serializers.py` builds the answers themselves."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers as s

from messaging.models import (
    ConversationState,
    DeadLetterSource,
    DeadLetterState,
    Direction,
    MediaState,
    MessageStatus,
    Priority,
)

PAGE = [
    OpenApiParameter("limit", int, description="1 to 200, 50 unless given."),
    OpenApiParameter("before", str, description="Opaque cursor, as in `next`."),
]


class PersonShape(s.Serializer[Any]):
    id = s.IntegerField()
    name = s.CharField()


class IdentityShape(s.Serializer[Any]):
    kind = s.CharField()
    value = s.CharField()


class ChannelShape(s.Serializer[Any]):
    id = s.IntegerField()
    name = s.CharField()
    provider = s.CharField()
    external_id = s.CharField()


class ContactShape(s.Serializer[Any]):
    id = s.IntegerField()
    name = s.CharField()
    identities = IdentityShape(many=True)


class PersonalContactShape(ContactShape):
    blocked = s.BooleanField()
    opted_out = s.BooleanField()
    attributes = s.DictField(child=s.CharField())
    conversations = s.ListField(child=s.IntegerField())


class AuthorShape(s.Serializer[Any]):
    type = s.CharField()
    id = s.IntegerField(allow_null=True)
    name = s.CharField()


class ErrorShape(s.Serializer[Any]):
    code = s.CharField()
    title = s.CharField()
    text = s.CharField()


class ReplyToShape(s.Serializer[Any]):
    id = s.IntegerField(allow_null=True)
    provider_id = s.CharField(allow_null=True)


class MediaShape(s.Serializer[Any]):
    id = s.IntegerField()
    provider_id = s.CharField(allow_null=True)
    kind = s.CharField()
    mime_type = s.CharField()
    filename = s.CharField()
    size_bytes = s.IntegerField(allow_null=True)
    sha256 = s.CharField()
    state = s.ChoiceField(MediaState.choices)
    url = s.CharField(allow_null=True)


class ReactorShape(s.Serializer[Any]):
    type = s.ChoiceField(["contact", "agent", "phone_app"])
    id = s.IntegerField(allow_null=True)
    name = s.CharField()


class ReactionShape(s.Serializer[Any]):
    emoji = s.CharField()
    by = ReactorShape()


class MessageShape(s.Serializer[Any]):
    id = s.IntegerField()
    conversation = s.IntegerField()
    channel = s.IntegerField()
    seq = s.IntegerField()
    changed_seq = s.IntegerField()
    direction = s.ChoiceField(Direction.choices)
    kind = s.CharField()
    text = s.CharField()
    content = s.DictField()
    author = AuthorShape()
    provider_id = s.CharField(allow_null=True)
    provider_at = s.DateTimeField(allow_null=True)
    received_at = s.DateTimeField()
    sort_at = s.DateTimeField()
    status = s.ChoiceField([*MessageStatus.choices, ("sending", "Being sent")])
    error = ErrorShape(allow_null=True)
    reply_to = ReplyToShape(allow_null=True)
    media = MediaShape(many=True)
    reactions = ReactionShape(many=True)
    edited = s.BooleanField()
    deleted = s.BooleanField()


class MessagePageShape(s.Serializer[Any]):
    head_seq = s.IntegerField()
    next = s.URLField(allow_null=True)
    results = MessageShape(many=True)


class ConversationShape(s.Serializer[Any]):
    id = s.IntegerField()
    channel = ChannelShape()
    contact = ContactShape()
    state = s.ChoiceField(ConversationState.choices)
    assignee = PersonShape(allow_null=True)
    team = PersonShape(allow_null=True)
    priority = s.ChoiceField(Priority.choices)
    labels = s.ListField(child=s.CharField())
    unread = s.IntegerField()
    head_seq = s.IntegerField()
    changed_seq = s.IntegerField()
    window_expires_at = s.DateTimeField(allow_null=True)
    waiting_since = s.DateTimeField(allow_null=True)
    last_message = MessageShape(allow_null=True)


class LeaseShape(s.Serializer[Any]):
    lease_token = s.IntegerField()
    until = s.DateTimeField()


class TokenShape(s.Serializer[Any]):
    token = s.CharField()
    expires_at = s.DateTimeField(allow_null=True)


class TraceItemShape(s.Serializer[Any]):
    event = s.IntegerField()
    received_at = s.DateTimeField()
    applied_at = s.DateTimeField()
    channel = s.IntegerField(allow_null=True)
    kind = s.CharField()
    outcome = s.CharField()
    reason = s.CharField()
    message = s.IntegerField(allow_null=True)


class TraceShape(s.Serializer[Any]):
    wamid = s.CharField()
    items = TraceItemShape(many=True)
    messages = MessageShape(many=True)
    attempts = s.ListField(child=s.DictField())
    statuses = s.ListField(child=s.DictField())


class DeadLetterShape(s.Serializer[Any]):
    id = s.IntegerField()
    source = s.ChoiceField(  # type: ignore[assignment]  # a field may have this name
        DeadLetterSource.choices
    )
    code = s.CharField()
    reason = s.CharField()
    attempts = s.IntegerField()
    first_at = s.DateTimeField()
    last_at = s.DateTimeField()
    state = s.ChoiceField(DeadLetterState.choices)
    payload = s.JSONField(allow_null=True)


class RetriedShape(s.Serializer[Any]):
    retried = s.IntegerField()


class DiscardedShape(s.Serializer[Any]):
    discarded = s.IntegerField()


def page_of(shape: type[s.Serializer[Any]]) -> Any:
    """`{next, results}` of a shape."""
    return inline_serializer(
        f"{shape.__name__.removesuffix('Shape')}Page",
        {"next": s.URLField(allow_null=True), "results": shape(many=True)},
    )
