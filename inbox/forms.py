"""Forms of the screens: fields and their limits; rules live in the use cases."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.forms import PasswordResetForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from inbox import languages
from inbox.access import is_number
from inbox.models import DraftMode
from messaging.models import Membership, Role, User
from outbound.models import ConsentAction


class LoginForm(forms.Form):
    """Email and password; whether they belong to anybody is not said field by field."""

    email = forms.EmailField(
        label=_("Email"), max_length=254, widget=forms.EmailInput({"autocomplete": "username"})
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )


class ResetForm(PasswordResetForm):
    """Asks for a link by mail, which comes in the language of who reads it."""

    def send_mail(
        self,
        subject_template_name: str,
        email_template_name: str,
        context: dict[str, Any],
        *to: Any,
        **more: Any,
    ) -> None:
        """As Django does it; `context["user"]` is who forgot."""
        with languages.spoken_to(context["user"]):
            super().send_mail(subject_template_name, email_template_name, context, *to, **more)


ONCE = ("unseen", "takeover")


class ReplyForm(forms.Form):
    """What the composer submits. Limits on the text are the use case's."""

    text = forms.CharField(required=False, strip=False, max_length=100_000)
    client_message_id = forms.CharField(max_length=64)
    seen_seq = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)
    reply_to = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    # What of the guard's refusals the agent has read and goes against.
    override = forms.ChoiceField(
        required=False, choices=[(each, each) for each in (*ONCE, " ".join(ONCE))]
    )
    lease_token = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)
    # What it is beside text: `content` is the kind's object, or `upload` the number of its file.
    kind = forms.CharField(required=False, max_length=40)
    upload = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    content = forms.JSONField(required=False)
    # "Send later": the time counts only with the button that asks for it.
    schedule = forms.BooleanField(required=False)
    send_at = forms.DateTimeField(required=False)

    def clean(self) -> dict[str, Any]:
        """A time that was not asked for is nobody's; one that was must be there."""
        cleaned = super().clean() or {}
        if not cleaned.get("schedule"):
            self.errors.pop("send_at", None)
            cleaned["send_at"] = None
        elif not cleaned.get("send_at") and "send_at" not in self.errors:
            self.add_error("send_at", _("Choose a time that is still to come."))
        return cleaned

    def clean_text(self) -> str:
        """Browsers submit CRLF for every line break; messages have plain ones."""
        text: str = self.cleaned_data["text"]
        return text.replace("\r\n", "\n").strip("\n")


class NoteForm(forms.Form):
    """What the composer submits as an internal note."""

    text = forms.CharField(required=False, strip=False, max_length=100_000)
    client_message_id = forms.CharField(max_length=64)
    mentions = forms.CharField(required=False, max_length=1000)

    def clean_text(self) -> str:
        """As in a reply."""
        text: str = self.cleaned_data["text"]
        return text.replace("\r\n", "\n").strip("\n")

    def clean_mentions(self) -> list[int]:
        """Ids between commas; what is none names nobody."""
        given: str = self.cleaned_data["mentions"]
        return [int(each) for each in given.split(",") if is_number(each)]


class DraftForm(forms.Form):
    """What the composer keeps while somebody types."""

    mode = forms.ChoiceField(choices=DraftMode.choices)
    text = forms.CharField(required=False, strip=False, max_length=100_000)
    version = forms.IntegerField(min_value=0, max_value=2**62)
    reply_to = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)

    def clean_text(self) -> str:
        """As it was typed, with plain line breaks."""
        text: str = self.cleaned_data["text"]
        return text.replace("\r\n", "\n")


class ConsentForm(forms.Form):
    """What an agent was told by a contact."""

    action = forms.ChoiceField(choices=ConsentAction.choices)
    proof = forms.CharField(required=False, max_length=500)


class InvitationForm(forms.Form):
    """Whom to invite, and as what; nobody hands out more than they have."""

    email = forms.EmailField(label=_("Email"), max_length=254)
    role = forms.ChoiceField(label=_("Role"), initial=Role.AGENT)

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = membership.role == Role.OWNER
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [
            (value, label) for value, label in Role.choices if owner or value != Role.OWNER
        ]


class AcceptForm(forms.Form):
    """Name and password of somebody who follows an invitation and has no account yet."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"})
    )
    password = forms.CharField(
        label=_("Choose a password"),
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        """A password unlike name and address, and not one of the common ones."""
        cleaned = super().clean() or {}
        person = User(email=self.email, name=cleaned.get("name", ""))
        try:
            password_validation.validate_password(cleaned.get("password", ""), person)
        except ValidationError as error:
            self.add_error("password", error)
        return cleaned
