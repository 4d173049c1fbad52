"""Messages in one line: rows and the reply guard."""

from __future__ import annotations

import pytest

from tests.inbox.conftest import FRAGMENT

pytestmark = pytest.mark.django_db


MAY_CALL = {"interactive": {"call_permission_reply": {"response": "accept"}}}


@pytest.mark.parametrize(
    ("kind", "text", "content", "expected"),
    [
        ("image", "", {}, "Photo"),
        ("image", "Look", {}, "Look"),
        ("voice", "", {}, "Voice note"),
        ("document", "", {"document": {"filename": "Fatura.pdf"}}, "Fatura.pdf"),
        ("location", "", {"location": {"name": "Hotel"}}, "Location: Hotel"),
        ("contacts", "", {"contacts": [{"name": {"first_name": "Rui"}}]}, "Contact: Rui"),
        ("unsupported", "", {"unsupported": {"type": "poll_creation"}}, "Poll"),
        ("interactive", "", MAY_CALL, "May be called"),
        ("brand_new", "", {}, "Message of a kind WhatsApp does not pass on"),
    ],
)
def test_a_row_names_what_has_no_words(say, listed, kind, text, content, expected) -> None:
    say(kind, text, content=content)
    assert listed() == expected


def test_the_reply_guard_names_what_was_not_seen(say, open_conversation, alice, client_of) -> None:
    say("voice")
    fields = {"text": "Hi", "client_message_id": "n1", "seen_seq": "1"}
    address = f"/conversations/{open_conversation.pk}/reply/"
    guard = client_of(alice).post(address, fields, **FRAGMENT)
    assert guard.status_code == 409
    assert "Voice note" in guard.content.decode()
