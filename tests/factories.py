"""Rows for tests; what a test does not care about is made up."""

from __future__ import annotations

from datetime import UTC, datetime
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
    value = factory.Sequence("35191000{:04}".format)
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
