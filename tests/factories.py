"""Rows for tests; what a test does not care about is made up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import factory
from factory.django import DjangoModelFactory

from messaging import models
from messaging.secrets import ConnectionSecrets


class UserFactory(DjangoModelFactory):
    class Meta:
        model = models.User
        skip_postgeneration_save = True

    email = factory.Sequence("person{}@example.com".format)
    name = factory.Sequence("Person {}".format)

    @factory.post_generation
    def password(self, create: bool, extracted: str | None, **_: Any) -> None:
        self.set_password(extracted or "demo-inbox")
        if create:
            self.save(update_fields=["password"])


class OrganizationFactory(DjangoModelFactory):
    class Meta:
        model = models.Organization
        skip_postgeneration_save = True

    name = factory.Sequence("Bakery {}".format)
    slug = factory.Sequence("bakery-{}".format)

    @factory.post_generation
    def counter(self, create: bool, extracted: None, **_: Any) -> None:
        models.OrganizationCounter.objects.create(organization=self)


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = models.Membership

    organization = factory.SubFactory(OrganizationFactory)
    user = factory.SubFactory(UserFactory)
    role = models.Role.AGENT


class ConnectionFactory(DjangoModelFactory):
    class Meta:
        model = models.Connection
        skip_postgeneration_save = True

    organization = factory.SubFactory(OrganizationFactory)
    kind = models.ProviderKind.CLOUD
    slug = factory.Sequence("connection-{}".format)
    name = "WhatsApp"

    @factory.post_generation
    def secrets(self, create: bool, extracted: ConnectionSecrets | None, **_: Any) -> None:
        self.secrets = extracted or ConnectionSecrets(
            app_secret="app-secret", verify_token="verify-token", access_token="access-token"
        )
        if create:
            self.save(update_fields=["sealed_secrets"])


class ChannelFactory(DjangoModelFactory):
    class Meta:
        model = models.Channel

    connection = factory.SubFactory(ConnectionFactory)
    organization = factory.SelfAttribute("connection.organization")
    external_id = factory.Sequence("10654035224{:04}".format)
    name = factory.Sequence("Shop {}".format)


class ContactFactory(DjangoModelFactory):
    class Meta:
        model = models.Contact

    organization = factory.SubFactory(OrganizationFactory)
    name = factory.Sequence("Customer {}".format)


class ContactIdentityFactory(DjangoModelFactory):
    class Meta:
        model = models.ContactIdentity

    contact = factory.SubFactory(ContactFactory)
    organization = factory.SelfAttribute("contact.organization")
    kind = models.IdentityKind.PHONE
    value = factory.Sequence("35193{:07}".format)
    canonical_key = factory.SelfAttribute("value")


class ConversationFactory(DjangoModelFactory):
    class Meta:
        model = models.Conversation

    channel = factory.SubFactory(ChannelFactory)
    organization = factory.SelfAttribute("channel.organization")
    contact = factory.SubFactory(
        ContactFactory, organization=factory.SelfAttribute("..organization")
    )


class MessageFactory(DjangoModelFactory):
    """A message that takes its conversation's next number, as every message does."""

    class Meta:
        model = models.Message

    conversation = factory.SubFactory(ConversationFactory)
    organization = factory.SelfAttribute("conversation.organization")
    channel = factory.SelfAttribute("conversation.channel")
    direction = models.Direction.IN
    kind = "text"
    text = factory.Sequence("Message {}".format)
    author_type = models.AuthorType.CONTACT
    provider_id = factory.Sequence("wamid.test{}".format)
    received_at = factory.LazyFunction(lambda: datetime.now(UTC))
    sort_at = factory.SelfAttribute("received_at")
    status = models.MessageStatus.RECEIVED

    @factory.lazy_attribute
    def seq(self) -> int:
        self.conversation.head_seq += 1
        self.conversation.save(update_fields=["head_seq"])
        return self.conversation.head_seq

    changed_seq = factory.SelfAttribute("seq")


class MediaFactory(DjangoModelFactory):
    """A file that waits to be fetched."""

    class Meta:
        model = models.Media

    class Params:
        stored = factory.Trait(
            state=models.MediaState.STORED,
            file=factory.Sequence("media/file{}".format),
            thumbnail=factory.Sequence("media/small{}".format),
            stored_mime_type="image/jpeg",
            size_bytes=2048,
            sha256="ab" * 32,
        )

    message = factory.SubFactory(MessageFactory, kind="image", text="")
    organization = factory.SelfAttribute("message.organization")
    kind = factory.SelfAttribute("message.kind")
    provider_id = factory.Sequence("10030{:06}".format)
    mime_type = "image/jpeg"
    received_at = factory.SelfAttribute("message.received_at")
    due_at = factory.LazyAttribute(lambda media: media.received_at - timedelta(hours=1))


class AmendmentFactory(DjangoModelFactory):
    """What the customer did to a message a minute later."""

    class Meta:
        model = models.Amendment

    class Params:
        minutes = 1

    message = factory.SubFactory(MessageFactory)
    channel = factory.SelfAttribute("message.channel")
    targets = factory.LazyAttribute(lambda amendment: [amendment.message.provider_id])
    kind = models.AmendmentKind.REACTION
    provider_id = factory.Sequence("wamid.amends{}".format)
    author_type = models.AuthorType.CONTACT
    author_key = "contact"
    received_at = factory.SelfAttribute("message.received_at")
    at = factory.LazyAttribute(
        lambda amendment: amendment.message.sort_at + timedelta(minutes=amendment.minutes)
    )


def rich_message(conversation: models.Conversation) -> models.Message:
    """A message with all that stands in tables of its own: writer, file, reaction."""
    organization = conversation.organization
    people = [ContactFactory(organization=organization, name="") for _ in range(2)]
    for person in people:
        ContactIdentityFactory(contact=person)
    message: models.Message = MessageFactory(
        conversation=conversation, kind="image", sender=people[0]
    )
    MediaFactory(message=message, stored=True)
    AmendmentFactory(message=message, emoji="👍", contact=people[1], author_key="contact:0")
    return message
