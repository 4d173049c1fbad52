"""What an agent reads when a message did not leave: what happened, and what to do; pure.

The sentences are marked for translation here and translated where they are shown. Codes are
the provider's numbers as text, or our own words for what never reached the provider.
"""

from __future__ import annotations

from dataclasses import dataclass

from outbound.error_codes import REMEDIES, ErrorClass, Remedy, class_of


def gettext_noop(message: str) -> str:
    """Mark for translation, as Django's does."""
    return message


_ = gettext_noop


@dataclass(frozen=True, slots=True)
class Words:
    """One sentence and the next step, both to be translated; `title` is the provider's own,
    given only where we have nothing better to say.
    """

    sentence: str
    next_step: str
    title: str = ""


# What we decide ourselves, before anything is sent or when nothing was heard.
OWN_CODES: dict[str, ErrorClass] = {
    "window_closed": ErrorClass.WINDOW,
    "no_recipient": ErrorClass.RECIPIENT,
    "no_access_token": ErrorClass.ACCESS,
    "secrets_unreadable": ErrorClass.ACCESS,
    "channel_inactive": ErrorClass.ACCOUNT,
    "provider_unsupported": ErrorClass.OURS,
    "kind_unsupported": ErrorClass.OURS,
    "deadline": ErrorClass.LATER,
    "id_reused": ErrorClass.UNCONFIRMED,
    "claim_expired": ErrorClass.UNCONFIRMED,
    "unconfirmed": ErrorClass.UNCONFIRMED,
    "restored": ErrorClass.UNCONFIRMED,
    "interrupted": ErrorClass.UNCONFIRMED,
    "unreadable": ErrorClass.UNCONFIRMED,
    "not_connected": ErrorClass.NETWORK,
    "not_started": ErrorClass.NETWORK,
    "number_limit": ErrorClass.NUMBER_THROTTLED,
    "pair_limit": ErrorClass.PAIR_THROTTLED,
    "quota_exceeded": ErrorClass.ACCOUNT_THROTTLED,
    "messaging_limit": ErrorClass.ACCOUNT_THROTTLED,
    "no_room": ErrorClass.LATER,
    "blocked": ErrorClass.RECIPIENT,
    "consent_missing": ErrorClass.RECIPIENT,
    "consent_revoked": ErrorClass.RECIPIENT,
    "template_paused": ErrorClass.TEMPLATE,
    "template_rejected": ErrorClass.TEMPLATE,
    "template_disabled": ErrorClass.TEMPLATE,
    "template_pending": ErrorClass.TEMPLATE,
    "template_gone": ErrorClass.TEMPLATE,
    "file_waiting": ErrorClass.MEDIA,
    "file_refused": ErrorClass.MEDIA,
    "file_missing": ErrorClass.MEDIA,
    "file_unreachable": ErrorClass.MEDIA,
    "file_not_uploaded": ErrorClass.NETWORK,
    "host_down": ErrorClass.NETWORK,
    "number_down": ErrorClass.NETWORK,
    "access_lost": ErrorClass.ACCESS,
    "paused": ErrorClass.LATER,
}

BY_CLASS: dict[ErrorClass, Words] = {
    ErrorClass.BUSY: Words(
        _("WhatsApp was busy and did not take this message."),
        _("Send it again in a few minutes."),
    ),
    ErrorClass.NUMBER_THROTTLED: Words(
        _("Slowed by WhatsApp: this channel sends as fast as it may."),
        _("Wait; it leaves by itself."),
    ),
    ErrorClass.ACCOUNT_THROTTLED: Words(
        _("Slowed by WhatsApp for this account."), _("Wait; it leaves by itself.")
    ),
    ErrorClass.PAIR_THROTTLED: Words(
        _("Slowed by WhatsApp for this customer."), _("Wait; it leaves by itself.")
    ),
    ErrorClass.NETWORK: Words(
        _("WhatsApp could not be reached, so this message did not leave."),
        _("Send it again once other messages leave."),
    ),
    ErrorClass.UNCONFIRMED: Words(
        _("WhatsApp did not confirm this message."),
        _("Check with the customer before sending it again."),
    ),
    ErrorClass.WINDOW: Words(
        _("The 24-hour window closed before this left."), _("Use a template instead.")
    ),
    ErrorClass.RECIPIENT: Words(
        _("WhatsApp does not deliver this message to this customer."),
        _("Sending again will not help."),
    ),
    ErrorClass.REQUEST: Words(
        _("WhatsApp could not read this message."),
        _("Write it differently, or ask an administrator."),
    ),
    ErrorClass.TEMPLATE: Words(
        _("WhatsApp does not send this template as it is."), _("Choose another template.")
    ),
    ErrorClass.MEDIA: Words(
        _("WhatsApp did not take the file of this message."),
        _("Send another file, or a link instead."),
    ),
    ErrorClass.ACCESS: Words(
        _("This channel cannot send: its WhatsApp access is missing or was revoked."),
        _("Ask an administrator to connect it again; then send this again."),
    ),
    ErrorClass.ACCOUNT: Words(
        _("This channel cannot send until its WhatsApp account is put in order."),
        _("Ask an administrator; then send this again."),
    ),
    ErrorClass.LATER: Words(
        _("WhatsApp does not deliver this message now."), _("Send it again tomorrow.")
    ),
    ErrorClass.OURS: Words(
        _("This channel cannot send a message of this kind."), _("Write it as text.")
    ),
    ErrorClass.UNLISTED: Words(
        _("WhatsApp refused this message and gave this reason:"),
        _("Ask an administrator what it means before sending again."),
    ),
}

BY_CODE: dict[str, Words] = {
    "130403": Words(
        _("Your business has blocked this customer."), _("Unblock them, then send this again.")
    ),
    "130472": Words(
        _("WhatsApp holds offers back from this customer for an experiment of its own."),
        _("Nothing was charged. Sending again will not help."),
    ),
    "130497": Words(
        _("This account may not write to customers in this country."),
        _("Sending again will not help."),
    ),
    "131021": Words(
        _("This message is addressed to the channel's own number."),
        _("Choose another recipient."),
    ),
    "131026": Words(
        _("This number is not on WhatsApp, or has blocked you."),
        _("Sending again will not help."),
    ),
    "131030": Words(
        _("A test number writes only to the recipients on its list."),
        _("Ask an administrator to add this customer to the list."),
    ),
    "131049": Words(
        _("WhatsApp held this back because the customer gets many offers."),
        _("Send it again in a day at the earliest."),
    ),
    "131050": Words(
        _("The customer asked for no more offers."), _("Order updates are still allowed.")
    ),
    "131062": Words(
        _("This message can only go to a phone number, and the customer has not shared theirs."),
        _("Ask the customer for their number."),
    ),
    "2494100": Words(
        _("WhatsApp is doing maintenance on this channel."), _("Send it again in a few minutes.")
    ),
    "133015": Words(
        _("This channel's number was removed a moment ago."),
        _("Send it again in five minutes."),
    ),
    "132069": Words(
        _("WhatsApp slows this form down for an hour."), _("Send it again in an hour.")
    ),
    "restored": Words(
        _("The database was restored from a backup. This message may have left since."),
        _("Check with the customer before sending it again."),
    ),
    "no_recipient": Words(
        _("This contact has no number or id that this channel can write to."),
        _("Ask the customer for their number."),
    ),
    "deadline": Words(
        _("This message waited for too long to be still of use, so it did not leave."),
        _("Read what the customer wrote since, then send it again."),
    ),
    "blocked": Words(
        _("This contact is blocked, so nothing is sent to them."),
        _("Unblock them, then send this again."),
    ),
    "consent_missing": Words(
        _("Nobody has noted that this contact agreed to be written to."),
        _("Note their consent beside the conversation; then send this again."),
    ),
    "consent_revoked": Words(
        _("This contact asked not to be written to any more."),
        _("You may answer once they write again, or once they agree anew."),
    ),
    "template_paused": Words(
        _("WhatsApp has paused this template because customers complained about it."),
        _("Choose another template, or wait until WhatsApp allows it again."),
    ),
    "template_rejected": Words(
        _("WhatsApp does not accept this template."), _("Choose another template.")
    ),
    "template_disabled": Words(
        _("WhatsApp has disabled this template."), _("Choose another template.")
    ),
    "template_pending": Words(
        _("WhatsApp is reviewing this template again."),
        _("Choose another template, or wait for the review."),
    ),
    "template_gone": Words(
        _("This template was deleted at WhatsApp."), _("Choose another template.")
    ),
    "file_waiting": Words(
        _("The file of this message is on its way to WhatsApp."), _("Wait; it leaves by itself.")
    ),
    "file_missing": Words(
        _("The file of this message is no longer in the inbox's storage."),
        _("Attach it again."),
    ),
    "file_unreachable": Words(
        _("This inbox has no public address from which the file could be fetched."),
        _("Ask an administrator to set PUBLIC_URL; then attach the file again."),
    ),
    "file_not_uploaded": Words(
        _("The file of this message could not be handed to WhatsApp, so it did not leave."),
        _("Send it again in a few minutes."),
    ),
    "number_limit": Words(
        _("Many messages leave through this channel at the moment."),
        _("Wait; it leaves by itself."),
    ),
    "pair_limit": Words(
        _("WhatsApp allows one customer only so many messages in a row."),
        _("Wait; it leaves by itself within a few seconds."),
    ),
    "quota_exceeded": Words(
        _("Your organisation has sent as many messages as its quota allows."),
        _("It leaves by itself when the next period begins; an administrator can raise the quota."),
    ),
    "messaging_limit": Words(
        _("WhatsApp allows this account no more new customers within 24 hours."),
        _("It leaves by itself once there is room again."),
    ),
    "host_down": Words(
        _("WhatsApp cannot be reached at the moment."),
        _("It leaves by itself once WhatsApp answers again."),
    ),
    "number_down": Words(
        _("WhatsApp does not answer for this channel at the moment."),
        _("It leaves by itself once WhatsApp answers again."),
    ),
    "paused": Words(
        _("An administrator has paused sending through this channel."),
        _("It leaves by itself once they let it go on."),
    ),
    "channel_inactive": Words(
        _("This channel is switched off."),
        _("Ask an administrator to switch it on; then send this again."),
    ),
}


def words_for(error_code: str, *, title: str = "") -> Words:
    """What to tell an agent about a message's error; the raw title where we know no better."""
    if error_code in BY_CODE:
        return BY_CODE[error_code]
    words = BY_CLASS[_class_of(error_code)]
    if words is BY_CLASS[ErrorClass.UNLISTED]:
        return Words(words.sentence, words.next_step, title)
    return words


def remedy_for(error_code: str) -> Remedy:
    """What helps after a message's error; a code nobody knows is permanent."""
    return REMEDIES[_class_of(error_code)]


def _class_of(error_code: str) -> ErrorClass:
    if error_code in OWN_CODES:
        return OWN_CODES[error_code]
    return class_of(int(error_code)) if error_code.isdecimal() else ErrorClass.UNLISTED
