"""Forms of what agents set for themselves and for each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from inbox import canned
from inbox.models import AgentProfile, CannedReply
from inbox.reply_content import LONGEST_TEXT

if TYPE_CHECKING:
    _CannedReplyForm = forms.ModelForm[CannedReply]
    _AgentProfileForm = forms.ModelForm[AgentProfile]
else:
    _CannedReplyForm = _AgentProfileForm = forms.ModelForm


class CannedForm(_CannedReplyForm):
    """A canned reply; only who shares is asked whether everybody has it."""

    is_shared = forms.BooleanField(label=_("Everybody may use it"), required=False)

    class Meta:
        model = CannedReply
        fields = ("shortcut", "title", "text")
        labels = {"shortcut": _("Shortcut"), "title": _("Title"), "text": _("Text")}
        widgets = {"text": forms.Textarea({"rows": 5, "dir": "auto"})}

    def __init__(self, *args: Any, shares: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_shared = self.fields["is_shared"]
        is_shared.initial = self.instance.owner_id is None if self.instance.pk else shares
        if not shares:
            del self.fields["is_shared"]

    def clean_shortcut(self) -> str:
        """One word, with or without the slash that calls it up."""
        shortcut: str = self.cleaned_data["shortcut"].strip().removeprefix("/").strip()
        if not shortcut or any(letter.isspace() or letter == "/" for letter in shortcut):
            raise ValidationError(_("One word, such as hours or address."))
        return shortcut

    def clean_text(self) -> str:
        """Variables that nothing fills are a slip of the pen."""
        text: str = self.cleaned_data["text"].replace("\r\n", "\n")
        if unknown := canned.unknown_in(text):
            said = _("There is no variable %(names)s.")
            raise ValidationError(
                said % {"names": ", ".join(f"{{{{{name}}}}}" for name in unknown)}
            )
        if len(text) > LONGEST_TEXT:
            said = _("WhatsApp takes at most %(most)d characters.")
            raise ValidationError(said % {"most": LONGEST_TEXT})
        return text

    def clean(self) -> dict[str, Any]:
        """Who is not asked writes for themselves."""
        cleaned = super().clean() or {}
        cleaned.setdefault("is_shared", False)
        return cleaned


class ProfileForm(_AgentProfileForm):
    """How somebody likes to work."""

    language = forms.ChoiceField(label=_("Language"), required=False)

    class Meta:
        model = AgentProfile
        fields = (
            "send_key",
            "has_undo",
            "opens_next",
            "has_sound",
            "has_notifications",
            "rings_for",
            "shows_words",
            "quiet_from",
            "quiet_until",
            "language",
        )
        labels = {
            "send_key": _("Sending"),
            "has_undo": _("Let me undo what I send"),
            "opens_next": _("Open the next conversation after resolving one"),
            "has_sound": _("Play a sound when a customer writes"),
            "has_notifications": _("Show notifications"),
            "rings_for": _("When customers write"),
            "shows_words": _("Notifications show how the message begins"),
            "quiet_from": _("Quiet from"),
            "quiet_until": _("Quiet until"),
        }
        widgets = {
            "send_key": forms.RadioSelect(),
            "rings_for": forms.RadioSelect(),
            "quiet_from": forms.TimeInput({"type": "time"}, format="%H:%M"),
            "quiet_until": forms.TimeInput({"type": "time"}, format="%H:%M"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = self.fields["language"]
        assert isinstance(language, forms.ChoiceField)  # noqa: S101 - declared above
        language.choices = [("", _("As the browser says")), *settings.LANGUAGES]

    def clean(self) -> dict[str, Any]:
        """Quiet hours have a beginning and an end, or neither."""
        cleaned = super().clean() or {}
        if bool(cleaned.get("quiet_from")) != bool(cleaned.get("quiet_until")):
            missing = "quiet_until" if cleaned.get("quiet_from") else "quiet_from"
            self.add_error(missing, _("Give both, or neither."))
        return cleaned
