"""What Twilio and WAHA answer, and what is known when they do not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from messaging.providers import PROVIDERS
from messaging.providers.answers import Answer, Failure
from messaging.providers.asking import LARGEST_ANSWER_BYTES
from messaging.providers.cloud.client import new_session
from messaging.providers.sending import Account
from messaging.secrets import ConnectionSecrets
from tests.outbound import elsewhere as fake
from tests.outbound.elsewhere import Behaviour, FakeProvider

FIELDS = {"To": "whatsapp:+12132132130", "Body": "Hi & bye"}
CALL: dict[str, Any] = {
    "method": "POST",
    "path": "/api/sendText",
    "json": {"chatId": "1@c.us", "text": "Hi"},
}
REACTION: dict[str, Any] = {
    "method": "PUT",
    "path": "/api/reaction",
    "json": {"messageId": "false_1@c.us_A", "reaction": "👍"},
}
BODIES = {"twilio": FIELDS, "waha": CALL}


async def send(
    url: str, kind: str, body: dict[str, Any] | None = None, *, total_seconds: float = 5
) -> Answer:
    async with new_session(total_seconds=total_seconds) as session:
        return await send_in(session, url, kind, body or BODIES[kind])


async def send_in(
    session: aiohttp.ClientSession, url: str, kind: str, body: dict[str, Any]
) -> Answer:
    account = Account(
        base_url=f"{url}/",
        api_version="",
        account_id="AC1",
        secrets=ConnectionSecrets(auth_token="token", api_key="key"),
        status_url="https://inbox.example/webhooks/twilio/padaria/",
    )
    sending = PROVIDERS[kind].sending
    assert sending is not None
    return await sending.send(session, account, "15550100999", body)


async def test_twilio_takes_a_form_and_gives_a_sid(elsewhere: FakeProvider, payloads: Path) -> None:
    answered = json.loads((payloads / "twilio" / "api_message_create_response.json").read_text())
    elsewhere.next.append(fake.say(201, answered))
    assert await send(elsewhere.url, "twilio") == Answer(
        http_status=201, provider_id=answered["sid"]
    )
    [asked] = elsewhere.asked
    assert (asked.method, asked.path) == ("POST", "/2010-04-01/Accounts/AC1/Messages.json")
    assert asked.headers["Authorization"] == "Basic QUMxOnRva2Vu"
    assert asked.body == {
        "From": "whatsapp:+15550100999",
        "StatusCallback": "https://inbox.example/webhooks/twilio/padaria/",
        **FIELDS,
    }


@pytest.mark.parametrize(
    ("sample", "code", "wait"),
    [("api_error_20429", 20429, 7), ("api_error_21211_invalid_to", 21211, 7)],
)
async def test_twilio_refuses_by_code(
    elsewhere: FakeProvider, payloads: Path, sample: str, code: int, wait: float
) -> None:
    said = json.loads((payloads / "twilio" / f"{sample}.json").read_text())
    elsewhere.next.append(fake.say(said["status"], said, {"Retry-After": "7"}))
    assert await send(elsewhere.url, "twilio") == Answer(
        http_status=said["status"],
        code=code,
        title=said["message"],
        details=said["more_info"],
        retry_after_seconds=wait,
    )


@pytest.mark.parametrize(
    "given",
    [
        "true_1@c.us_3EB0",
        {"fromMe": True, "id": "3EB0", "_serialized": "true_1@c.us_3EB0"},
    ],
)
async def test_waha_gives_the_id_that_its_webhooks_carry(
    elsewhere: FakeProvider, given: object
) -> None:
    elsewhere.next.append(fake.say(201, {"id": given}))
    assert (await send(elsewhere.url, "waha")).provider_id == "true_1@c.us_3EB0"
    [asked] = elsewhere.asked
    assert (asked.method, asked.path) == ("POST", "/api/sendText")
    assert asked.headers["X-Api-Key"] == "key"
    assert asked.body == {"session": "15550100999", "chatId": "1@c.us", "text": "Hi"}


@pytest.mark.parametrize("said", [fake.say(200, {}), fake.plain(201, ""), fake.say(200, True)])
async def test_a_reaction_that_waha_does_not_name_was_taken(
    elsewhere: FakeProvider, said: Behaviour
) -> None:
    elsewhere.next.append(said)
    assert (await send(elsewhere.url, "waha", REACTION)).provider_id.startswith("reaction_")
    assert elsewhere.asked[0].method == "PUT"


async def test_a_file_travels_along_as_it_leaves(elsewhere: FakeProvider) -> None:
    file = {"filename": "a.png"}
    body = {**CALL, "path": "/api/sendImage", "json": {"chatId": "1@c.us", "file": file}}
    assert (await send(elsewhere.url, "waha", {**body, "data": "cG5n"})).provider_id
    assert elsewhere.asked[0].body["file"] == {"filename": "a.png", "data": "cG5n"}
    assert (await send(elsewhere.url, "waha", body)).failure is Failure.NOT_STARTED
    assert len(elsewhere.asked) == 1


@pytest.mark.parametrize(
    ("kind", "status", "said"),
    [
        ("waha", 401, {"message": "Unauthorized", "statusCode": 401}),
        ("waha", 422, {"error": "Session is not working", "status": "SCAN_QR_CODE"}),
        ("waha", 429, {"statusCode": 429}),
        ("twilio", 404, {"message": "not found"}),
    ],
)
async def test_a_readable_refusal_without_a_code_is_known_by_its_status(
    elsewhere: FakeProvider, kind: str, status: int, said: dict[str, Any]
) -> None:
    elsewhere.next.append(fake.say(status, said))
    assert (await send(elsewhere.url, kind)).code == status


UNREADABLE: list[Behaviour] = [
    fake.plain(200, "<html>a proxy</html>"),
    fake.plain(200, "{}"),
    fake.plain(200, "[" * 100_000),
    fake.plain(404, "<html>a proxy</html>"),
    fake.say(400, {"hello": 1}),
    fake.say(408, {"message": "took too long", "statusCode": 408}),
    fake.say(500, {"message": "engine", "statusCode": 500, "code": 20500}),
    fake.plain(302),
    fake.say(201, {"sid": "a" * 256, "id": "a" * 256}),
    fake.say(201, {"sid": "SM1", "id": "a", "more": "a" * LARGEST_ANSWER_BYTES}),
]


@pytest.mark.parametrize("kind", ["twilio", "waha"])
@pytest.mark.parametrize("behaviour", UNREADABLE)
async def test_what_cannot_be_read_is_never_an_answer(
    elsewhere: FakeProvider, kind: str, behaviour: Behaviour
) -> None:
    elsewhere.next.append(behaviour)
    assert (await send(elsewhere.url, kind)).failure is Failure.UNREADABLE
    assert len(elsewhere.asked) == 1


@pytest.mark.parametrize("kind", ["twilio", "waha"])
async def test_what_broke_says_whether_anything_left(elsewhere: FakeProvider, kind: str) -> None:
    elsewhere.next.extend([fake.drop, fake.hang])
    assert (await send(elsewhere.url, kind)).failure is Failure.INTERRUPTED
    silent = await send(elsewhere.url, kind, total_seconds=0.2)
    assert silent.failure is Failure.INTERRUPTED
    nowhere = await send("http://127.0.0.1:9", kind)
    assert nowhere.failure is Failure.NOT_CONNECTED


@pytest.mark.parametrize(("kind", "body"), [("twilio", FIELDS), ("waha", CALL), ("waha", REACTION)])
async def test_a_connection_closed_while_idle_is_not_tried_again(
    elsewhere: FakeProvider, kind: str, body: dict[str, Any]
) -> None:
    elsewhere.next.extend([elsewhere.default, fake.drop])
    async with new_session() as session:
        await send_in(session, elsewhere.url, kind, body)
        answer = await send_in(session, elsewhere.url, kind, body)
    assert answer.failure is Failure.INTERRUPTED
    assert len(elsewhere.asked) == 2
