"""What programs may send, checked field by field; the rules themselves are the use cases'."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from inbox.access import LARGEST_ID
from inbox.notes import Note
from inbox.replies import TAKEOVER, UNSEEN, Reply
from inbox.reply_content import content_of
from inbox.starting import Start
from messaging.models import DeadLetterSource, DeadLetterState
from outbound.review import Action

MOST_RETRIED = 10_000


class AddressInput(serializers.Serializer[Any]):
    """Somebody to write to."""

    kind = serializers.CharField(max_length=12)
    value = serializers.CharField(max_length=200)


class StartInput(serializers.Serializer[Any]):
    """`POST conversations/`."""

    channel = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
    to = AddressInput()


class ReplyInput(serializers.Serializer[Any]):
    """`POST messages/`: into a conversation, or through a channel to somebody."""

    conversation = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    channel = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    to = AddressInput(required=False)
    client_message_id = serializers.CharField(max_length=64)
    kind = serializers.CharField(max_length=40, default="text")
    text = serializers.CharField(
        default="", allow_blank=True, trim_whitespace=False, max_length=100_000
    )
    content = serializers.JSONField(
        required=False,
        allow_null=True,
        help_text="The Cloud API's object of the kind, by its name (`{location: {…}}`) or alone.",
    )
    template = serializers.JSONField(
        required=False, allow_null=True, help_text="The same for `kind: template`."
    )
    reply_to = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=LARGEST_ID
    )
    seen_seq = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=LARGEST_ID
    )
    send_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="When it is to leave; without, at once."
    )
    lease_token = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=LARGEST_ID
    )
    override = serializers.ListField(
        child=serializers.ChoiceField([UNSEEN, TAKEOVER]), required=False, default=list
    )

    def to_internal_value(self, data: Any) -> Any:
        """NUL is stripped by the use case, so it must not be refused here."""
        if isinstance(data, dict) and isinstance(data.get("text"), str):
            data = {**data, "text": data["text"].replace("\0", "")}
        return super().to_internal_value(data)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A place; and a template alone says what kind it is, while two contents say nothing."""
        _need_place(attrs)
        if attrs.get("template") is None:
            return attrs
        if attrs.get("content"):
            raise serializers.ValidationError({"template": "Give either content or template."})
        if attrs["kind"] not in {"text", "template"} or attrs["text"]:
            raise serializers.ValidationError({"kind": "A template is a message of its own kind."})
        return {**attrs, "kind": "template", "content": {"template": attrs["template"]}}


def _need_place(attrs: dict[str, Any]) -> None:
    """Either a conversation, or a channel with an address."""
    given = {name for name in ("conversation", "channel", "to") if name in attrs}
    if given not in ({"conversation"}, {"channel", "to"}):
        said = "Give a conversation, or a channel and to."
        raise serializers.ValidationError({"conversation": said})


class ReviewInput(serializers.Serializer[Any]):
    """`messages/{id}/review/`."""

    action = serializers.ChoiceField([action.value for action in Action])


class LeaseInput(serializers.Serializer[Any]):
    """`heartbeat` and `unlock`."""

    lease_token = serializers.IntegerField(min_value=0, max_value=LARGEST_ID)


class LettersInput(serializers.Serializer[Any]):
    """Dead letters by their ids, or by filters."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST_ID),
        max_length=MOST_RETRIED,
        default=list,
    )
    source = serializers.ChoiceField(  # type: ignore[assignment]  # a field may have this name
        DeadLetterSource.choices, default=""
    )
    channel = serializers.IntegerField(
        min_value=1, max_value=LARGEST_ID, allow_null=True, default=None
    )
    code = serializers.CharField(max_length=60, allow_blank=True, default="")
    state = serializers.ChoiceField(DeadLetterState.choices, default="")


class RetryInput(LettersInput):
    """`POST dlq/retry/`: ids, or everything that fits the filters."""

    retry_all = serializers.BooleanField(default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Nothing is retried by an oversight."""
        if bool(attrs["ids"]) == attrs["retry_all"]:
            raise serializers.ValidationError({"ids": "Give ids, or retry_all."})
        return attrs


class DiscardInput(LettersInput):
    """`POST dlq/discard/`: the same, with a reason that is kept."""

    discard_all = serializers.BooleanField(default=False)
    reason = serializers.CharField(max_length=500)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Nothing is given up by an oversight."""
        if bool(attrs["ids"]) == attrs["discard_all"]:
            raise serializers.ValidationError({"ids": "Give ids, or discard_all."})
        return attrs


class CredentialsInput(serializers.Serializer[Any]):
    """`POST auth/token/`."""

    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=1000, trim_whitespace=False)


def start_from(fields: dict[str, Any]) -> Start | None:
    """Whom a checked StartInput or ReplyInput writes to; None where it names a conversation."""
    if "to" not in fields:
        return None
    return Start(channel=fields["channel"], **fields["to"])


def note_from(fields: dict[str, Any]) -> Note:
    """The internal note of a checked ReplyInput."""
    if "conversation" not in fields:
        raise serializers.ValidationError({"conversation": "A note needs a conversation."})
    return Note(client_message_id=fields["client_message_id"], text=fields["text"])


def reply_from(fields: dict[str, Any]) -> Reply:
    """The reply of a checked ReplyInput."""
    return Reply(
        client_message_id=fields["client_message_id"],
        text=fields["text"],
        kind=fields["kind"],
        content=content_of(fields["kind"], fields.get("content")),
        reply_to=fields.get("reply_to"),
        seen_seq=fields.get("seen_seq"),
        lease_token=fields.get("lease_token"),
        send_at=fields.get("send_at"),
        override=frozenset(fields["override"]),
    )
