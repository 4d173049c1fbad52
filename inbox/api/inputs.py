"""What programs may send, checked field by field; the rules themselves are the use cases'."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from inbox.access import LARGEST_ID
from inbox.replies import UNSEEN, Reply
from messaging.models import DeadLetterSource, DeadLetterState

MOST_RETRIED = 10_000


class ReplyInput(serializers.Serializer[Any]):
    """`POST messages/`."""

    conversation = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
    client_message_id = serializers.CharField(max_length=64)
    kind = serializers.CharField(max_length=40, default="text")
    text = serializers.CharField(
        default="", allow_blank=True, trim_whitespace=False, max_length=100_000
    )
    reply_to = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=LARGEST_ID
    )
    seen_seq = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=LARGEST_ID
    )
    lease_token = serializers.IntegerField(required=False, allow_null=True)
    override = serializers.ListField(
        child=serializers.ChoiceField([UNSEEN]), required=False, default=list
    )

    def to_internal_value(self, data: Any) -> Any:
        """NUL is stripped by the use case, so it must not be refused here."""
        if isinstance(data, dict) and isinstance(data.get("text"), str):
            data = {**data, "text": data["text"].replace("\0", "")}
        return super().to_internal_value(data)


class LeaseInput(serializers.Serializer[Any]):
    """`heartbeat` and `unlock`."""

    lease_token = serializers.IntegerField(min_value=0, max_value=LARGEST_ID)


class RetryInput(serializers.Serializer[Any]):
    """`POST dlq/retry/`: ids, or everything that fits the filters."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST_ID),
        max_length=MOST_RETRIED,
        default=list,
    )
    retry_all = serializers.BooleanField(default=False)
    source = serializers.ChoiceField(  # type: ignore[assignment]  # a field may have this name
        DeadLetterSource.choices, default=""
    )
    channel = serializers.IntegerField(
        min_value=1, max_value=LARGEST_ID, allow_null=True, default=None
    )
    code = serializers.CharField(max_length=60, allow_blank=True, default="")
    state = serializers.ChoiceField(DeadLetterState.choices, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Nothing is retried by an oversight."""
        if bool(attrs["ids"]) == attrs["retry_all"]:
            raise serializers.ValidationError({"ids": "Give ids, or retry_all."})
        return attrs


class CredentialsInput(serializers.Serializer[Any]):
    """`POST auth/token/`."""

    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=1000, trim_whitespace=False)


def reply_from(fields: dict[str, Any]) -> tuple[int, Reply]:
    """The conversation and the reply of a checked ReplyInput."""
    return fields["conversation"], Reply(
        client_message_id=fields["client_message_id"],
        text=fields["text"],
        kind=fields["kind"],
        reply_to=fields.get("reply_to"),
        seen_seq=fields.get("seen_seq"),
        override=frozenset(fields["override"]),
    )
