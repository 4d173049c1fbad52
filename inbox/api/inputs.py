"""What programs may send, checked field by field; the rules themselves are the use cases'."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from inbox.access import LARGEST_ID
from inbox.replies import UNSEEN, Reply


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
