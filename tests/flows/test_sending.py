"""A message's whole way: queued, sent, told of by webhooks, audited; through every process."""

from __future__ import annotations

import pytest

from tests.flows.conftest import ask, until

pytestmark = pytest.mark.process

LONG_AGO = 26 * 3600
TEMPLATE = {"name": "order_ready", "language": "en", "parameters": {"body": ["Rita", "1042"]}}
AGREED = {"action": "grant", "source": "counter", "proof": "signed on paper"}
WAYS_TO_END = ("delivered", "read")


@pytest.fixture(scope="session", autouse=True)
def _templates(program) -> None:
    """The demo's templates are there once they were fetched."""
    place = program.customer("351910000810", "Flow First")
    channel = program.get(f"conversations/{place}/")["channel"]["id"]
    [(connection,)] = program.rows(
        "SELECT connection_id FROM messaging_channel WHERE id = %s", [channel]
    )
    assert program.call("POST", "templates/sync/", {"connection": connection})[0] == 202
    until(lambda: program.get(f"templates/?channel={channel}")["results"])


def test_a_template_goes_its_whole_way_with_consent(program) -> None:
    place = program.customer("351910000811", "Flow Template", seconds_ago=LONG_AGO)
    contact = program.contact_of(place)
    assert program.call("POST", f"contacts/{contact}/consents/", AGREED)[0] == 201
    status, sent = program.send(place, "flow-1", kind="template", template=TEMPLATE)
    assert status == 201, sent
    ended = program.ends(sent, *WAYS_TO_END)
    assert "1042" in ended["text"]
    story = program.story(ended["provider_id"])
    assert [attempt["outcome"] for attempt in story["attempts"]] == ["accepted"]
    assert {"sent", "delivered"} <= {each["status"] for each in story["statuses"]}
    assert [row["type"] for row in program.received("351910000811")] == ["template"]
    [entry] = [e for e in program.audited("grant_consent") if e["subject"] == f"contact:{contact}"]
    assert "proof" not in str(entry["details"])


def test_a_reply_is_sent_delivered_and_read(program) -> None:
    place = program.customer("351910000812", "Flow Reply")
    _, sent = program.send(place, "flow-2", text="Bom dia, Rita.")
    ended = program.ends(sent, "read")
    heard = {each["status"]: each for each in program.story(ended["provider_id"])["statuses"]}
    assert set(heard) == {"sent", "delivered", "read"}
    assert all(each["applied"] for each in heard.values())


def test_a_failure_has_its_code_and_words(program, switch) -> None:
    place = program.customer("351910000813", "Flow Failure")
    switch(fail_code=131026)
    _, sent = program.send(place, "flow-3", text="Está aí?")
    ended = program.ends(sent, "failed")
    assert ended["error"]["code"] == "131026"
    assert "not on WhatsApp" in ended["error"]["text"]

    def letter():
        rows = program.get("outbound-messages/dlq/?code=131026")["results"]
        return [row for row in rows if row["state"] == "failed"]

    assert until(letter)


def test_a_used_up_quota_blocks_until_it_is_raised(program) -> None:
    place = program.customer("351910000814", "Flow Quota")
    used = program.get("rate-limits/whatsapp/quota/")["used"]
    assert program.call("PUT", "rate-limits/whatsapp/quota/", {"limit": used})[0] == 200
    _, sent = program.send(place, "flow-4", text="Mais uma.")

    def waits() -> bool:
        now = program.message(place, sent["id"])
        return now["status"] == "pending" and (now["error"] or {}).get("code") == "quota_exceeded"

    until(waits)
    assert program.received("351910000814") == []
    program.call("PUT", "rate-limits/whatsapp/quota/", {"limit": used + 1000})
    program.ends(sent, *WAYS_TO_END)
    assert len(program.audited("change_quota")) >= 2


def test_without_consent_no_template_leaves(program) -> None:
    place = program.customer("351910000815", "Flow Silence", seconds_ago=LONG_AGO)
    status, answer = program.send(place, "flow-5", kind="template", template=TEMPLATE)
    assert (status, answer["code"]) == (422, "consent_missing")
    assert program.received("351910000815") == []


def test_after_a_no_no_template_leaves(program) -> None:
    place = program.customer("351910000816", "Flow No", seconds_ago=LONG_AGO)
    consents = f"contacts/{program.contact_of(place)}/consents/"
    program.call("POST", consents, AGREED)
    program.call("POST", consents, {**AGREED, "action": "revoke"})
    status, answer = program.send(place, "flow-6", kind="template", template=TEMPLATE)
    assert (status, answer["code"]) == (422, "consent_revoked")


def test_a_busy_platform_is_asked_again_later(program, switch) -> None:
    place = program.customer("351910000817", "Flow Busy")
    switch(throttled=True)
    _, sent = program.send(place, "flow-7", text="Com calma.")
    until(lambda: program.message(place, sent["id"])["error"])
    switch()
    ended = program.ends(sent, *WAYS_TO_END)
    outcomes = [each["outcome"] for each in program.story(ended["provider_id"])["attempts"]]
    assert outcomes[-1] == "accepted"
    assert set(outcomes[:-1]) == {"not_sent"}
    assert len(program.received("351910000817")) == 1


def test_a_repeated_key_is_the_same_message(program) -> None:
    place = program.customer("351910000818", "Flow Repeat")
    first = program.send(place, "flow-8", text="Uma vez.")
    again = program.send(place, "flow-8", text="Uma vez.")
    assert (first[0], again[0]) == (201, 200)
    assert first[1]["id"] == again[1]["id"]
    status, other = program.send(place, "flow-8", text="Outra coisa.")
    assert (status, other["code"]) == (409, "id_reused")
    program.ends(first[1], *WAYS_TO_END)
    assert len(program.received("351910000818")) == 1


def test_a_lost_answer_is_known_from_a_receipt(program, switch) -> None:
    place = program.customer("351910000819", "Flow Lost")
    switch(answer_lost=True)
    _, sent = program.send(place, "flow-9", text="Chegou?")
    ended = program.ends(sent, *WAYS_TO_END)
    switch()
    assert ended["provider_id"]
    story = program.story(ended["provider_id"])
    assert [each["outcome"] for each in story["attempts"]] == ["accepted"]
    assert len(program.received("351910000819")) == 1


def test_the_whole_is_well_in_the_end(program, demo) -> None:

    status, health = ask("GET", f"{demo.inbox}/health/ready")
    assert status == 200
    assert set(health["parts"].values()) == {"ok"}, health
    assert {row["state"] for row in program.get("breakers/")["results"]} <= {"closed"}
