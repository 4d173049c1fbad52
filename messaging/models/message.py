from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models.fields.json import KT
from django.db.models.functions import Left
from django.utils.translation import gettext_lazy as _

from messaging.models.channel import Channel
from messaging.models.contact import Contact
from messaging.models.conversation import Conversation
from messaging.models.organization import Organization
from messaging.querysets import MessageQuerySet

FILENAME = Left(KT("content__document__filename"), 1_000)
# What search looks in; "simple" keeps words as they are, whatever their language. A file's name
# counts as one word, so it stands here in its parts too.
SEARCH_VECTOR = SearchVector(
    # Postgres refuses a vector of over 1 MB; nobody looks for the end of a book.
    Left("text", 100_000),
    FILENAME,
    models.Func(
        FILENAME,
        models.Value("._-"),
        models.Value("   "),
        function="translate",
        output_field=models.TextField(),
    ),
    config="simple",
)


class Direction(models.TextChoices):
    IN = "in", _("From the contact")
    OUT = "out", _("To the contact")
    INTERNAL = "internal", _("Internal")


class AuthorType(models.TextChoices):
    CONTACT = "contact", _("Contact")
    AGENT = "agent", _("Agent")
    PHONE_APP = "phone_app", _("Phone app")
    AUTOMATION = "automation", _("Automation")
    SYSTEM = "system", _("System")


class MessageStatus(models.TextChoices):
    RECEIVED = "received", _("Received")
    PENDING = "pending", _("Waiting to be sent")
    ACCEPTED = "accepted", _("Accepted by WhatsApp")
    SENT = "sent", _("Sent")
    DELIVERED = "delivered", _("Delivered")
    READ = "read", _("Read")
    PLAYED = "played", _("Played")
    FAILED = "failed", _("Failed")
    NEEDS_REVIEW = "needs_review", _("Needs review")
    DISCARDED = "discarded", _("Discarded")


class Message(models.Model):
    """One bubble of the one timeline, from either side or internal.

    `seq` is the conversation's number at birth, `changed_seq` at the last change: "what is new
    since N" is `changed_seq > N`. Shown by `(sort_at, seq)`. `provider_id` is the wamid and
    decides that a message arrives once.
    """

    # Its index is that of the search, which begins with it.
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+", db_index=False)
    seq = models.BigIntegerField()
    changed_seq = models.BigIntegerField()
    direction = models.CharField(max_length=8, choices=Direction.choices)
    kind = models.CharField(max_length=40)
    text = models.TextField(blank=True)
    content = models.JSONField(default=dict, blank=True)
    author_type = models.CharField(max_length=10, choices=AuthorType.choices)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    provider_id = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 - unique
    provider_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField()
    sort_at = models.DateTimeField()
    arrived_late = models.BooleanField(default=False)
    status = models.CharField(max_length=12, choices=MessageStatus.choices)
    error_code = models.CharField(max_length=20, blank=True)
    error_title = models.TextField(blank=True)
    reply_to = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    reply_to_provider_id = models.CharField(max_length=255, blank=True)
    # Who wrote inside a group; the conversation's contact is the group itself.
    sender = models.ForeignKey(
        Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    # Imported from the past, or of somebody who is blocked: nobody is told and it counts for
    # nothing.
    is_silent = models.BooleanField(db_default=False, default=False)
    # The content is to follow under the same provider id.
    is_placeholder = models.BooleanField(db_default=False, default=False)
    # The message of ours that this echo turned out to be; its bubble is shown no more.
    duplicate_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    # Text and content as first received, once an edit has replaced them.
    original = models.JSONField(null=True, blank=True)
    client_message_id = models.CharField(  # noqa: DJ001 - unique where a client gave one
        max_length=64, null=True, blank=True
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            # Serves deduplication and the binding of statuses.
            models.UniqueConstraint(
                fields=["channel", "provider_id"],
                condition=models.Q(provider_id__isnull=False),
                name="message_provider_id_unique",
            ),
            # Serves the client's repeated submit.
            models.UniqueConstraint(
                fields=["organization", "client_message_id"],
                condition=models.Q(client_message_id__isnull=False),
                name="message_client_id_unique",
            ),
            # Serves the reply guard: what was born above the number an agent has seen.
            models.UniqueConstraint(fields=["conversation", "seq"], name="message_seq_unique"),
        ]
        indexes = [
            # Serves "what changed since N".
            models.Index(fields=["conversation", "changed_seq"], name="message_changed"),
            # Serves the timeline's pages.
            models.Index(fields=["conversation", "-sort_at", "-seq"], name="message_timeline"),
            # Serves what the panel gathers of a person: notes, who resolved or answered, files.
            models.Index(
                fields=["conversation", "-sort_at", "-id"],
                condition=models.Q(kind__in=["note", "event"]),
                name="message_notes",
            ),
            models.Index(
                fields=["conversation", "author", "-sort_at"],
                condition=models.Q(direction="out", author__isnull=False),
                name="message_answers",
            ),
            models.Index(
                fields=["conversation", "-sort_at", "-id"],
                condition=models.Q(kind__in=["image", "video", "document"]),
                name="message_files",
            ),
            # Serves quotes that met their answer first.
            models.Index(
                fields=["channel", "reply_to_provider_id"],
                condition=models.Q(reply_to__isnull=True) & ~models.Q(reply_to_provider_id=""),
                name="message_quote_parked",
            ),
            # Serves searches for frequent words and by operators: newest first till a page is full.
            models.Index(fields=["organization", "-sort_at", "-id"], name="message_walk"),
            # Serves "failed to send".
            models.Index(
                fields=["organization", "conversation", "sort_at"],
                condition=models.Q(
                    direction="out",
                    status__in=["failed", "needs_review"],
                    duplicate_of__isnull=True,
                ),
                name="message_stuck",
            ),
            # Serves searches for files and places.
            models.Index(
                fields=["organization", "kind", "-sort_at", "-id"],
                condition=models.Q(
                    kind__in=["image", "sticker", "video", "audio", "voice", "document", "location"]
                ),
                name="message_kinds",
            ),
            # Serves full-text search: bodies, captions, titles and file names.
            GinIndex(SEARCH_VECTOR, name="message_search"),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"
