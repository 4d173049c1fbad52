"""Every sample of the Cloud API, and odd bodies, as the decoder reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from messaging.items import Amendment, Ignored, InboundMessage, Malformed, Notice
from messaging.providers.cloud.decoding import decode
from tests.messaging import bodies
from tests.messaging.said import lines
from tests.messaging.test_samples import BODIES

NOW = 1_790_000_000.0
TABLE = Path(__file__).parent / "cloud_samples.txt"


def expected() -> dict[str, list[str]]:
    """The table, read by a person: a sample's name, then its items, indented."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in TABLE.read_text().splitlines():
        if line.startswith("  "):
            found[name].append(line.strip())
        else:
            name = line
            found[name] = []
    return found


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem)
def test_a_sample_says_what_the_table_says(path: Path) -> None:
    assert list(lines(decode(path.read_bytes(), now=NOW))) == expected()[path.stem]


def message(**more: Any) -> Any:
    """The item of one message with these keys."""
    raw = bodies.text("wamid.1") | more
    return decode(bodies.body([raw]), now=NOW)[0]


def test_every_sample_is_in_the_table() -> None:
    assert set(expected()) == {path.stem for path in BODIES}


@pytest.mark.parametrize("value", [None, 7, [], [None], {"body": None}, {"body": ["x"]}, True])
@pytest.mark.parametrize("kind", ["text", "image", "location", "contacts", "interactive", "order"])
def test_nonsense_in_place_of_content_is_a_message_all_the_same(kind: str, value: Any) -> None:
    item = message(type=kind, **{kind: value})
    assert isinstance(item, InboundMessage)
    assert (item.kind, item.text) == (kind, "")


@pytest.mark.parametrize("at", ["0", "-1", "99999999999999", "abc", None, [], {}, "1e400", "NaN"])
def test_an_absurd_time_is_none(at: Any) -> None:
    assert message(timestamp=at).at is None


@pytest.mark.parametrize("at", ["1750000000", 1750000000, 1750000000.9, "1750000000.5"])
def test_a_time_may_be_text_or_number(at: Any) -> None:
    assert message(timestamp=at).at == 1_750_000_000


def test_an_unknown_type_is_kept_whole() -> None:
    item = message(type="hologram", hologram={"depth": 3})
    assert (item.kind, item.content["hologram"]) == ("unsupported", {"depth": 3})


def test_without_a_type_the_object_decides() -> None:
    raw = bodies.text("wamid.1")
    del raw["type"]
    assert decode(bodies.body([raw]), now=NOW)[0].kind == "text"


def test_a_file_without_an_id_says_why() -> None:
    error = {"code": 131052, "title": "Media download error"}
    item = message(type="video", video={"mime_type": "video/mp4"}, errors=[error])
    assert item.media[0].error == "Media download error"
    assert message(type="image", image={}).media[0].error != ""


@pytest.mark.parametrize("kind", ["edit", "revoke", "reaction"])
@pytest.mark.parametrize("value", [None, {}, [], {"message_id": ""}])
def test_an_amendment_of_nothing_is_for_a_person(kind: str, value: Any) -> None:
    assert isinstance(message(type=kind, **{kind: value}), Malformed)


def test_an_edit_brings_text_content_and_no_context() -> None:
    inner = {"type": "image", "image": {"caption": "New", "id": "9"}, "context": {"id": "M0"}}
    item = message(type="edit", edit={"original_message_id": "wamid.0", "message": inner})
    assert isinstance(item, Amendment)
    assert (item.targets, item.text) == (("wamid.0",), "New")
    assert item.content == {"image": {"caption": "New", "id": "9"}}


def test_a_bsuid_in_the_place_of_a_phone_is_no_phone() -> None:
    item = message(**{"from": "US.13491208655302741918"})
    assert item.party.identities == (("bsuid", "US.13491208655302741918"),)


def test_contacts_are_matched_by_id_not_by_place() -> None:
    value: Any = json.loads(bodies.body([bodies.text("wamid.1", sender="15550001")]))
    inner = value["entry"][0]["changes"][0]["value"]
    inner["messages"].append(bodies.text("wamid.2", sender="15550002"))
    inner["contacts"] = [
        {"wa_id": "15550002", "profile": {"name": "Two"}},
        {"wa_id": "15550001", "profile": {"name": "One"}},
    ]
    items = decode(json.dumps(value).encode(), now=NOW)
    assert [item.party.name for item in items] == ["One", "Two"]


@pytest.mark.parametrize("status", ["captured", "pending", "failed"])
def test_a_payment_is_no_delivery(status: str) -> None:
    heard = bodies.status("wamid.1", status, type="payment", payment={"reference_id": "7"})
    item = decode(bodies.body(statuses=[heard]), now=NOW)[0]
    assert isinstance(item, Notice)
    assert item.kind == "payment"


def test_a_value_with_nothing_in_it_is_ignored_with_a_reason() -> None:
    assert decode(bodies.body(), now=NOW) == [Ignored(kind="unknown", reason="empty")]


def news(field: str, value: Any, *, at: int | None = None) -> Any:
    """The item of one piece of news."""
    entry = {"id": "1", "changes": [{"field": field, "value": value}]} | (
        {"time": at} if at else {}
    )
    return decode(json.dumps({"entry": [entry]}).encode(), now=NOW)[0]


def test_the_same_news_at_another_time_is_news() -> None:
    pin = {"event": "PIN_CHANGED", "display_phone_number": "15550783881"}
    assert news("security", pin, at=1_750_000_000).at == 1_750_000_000
    assert news("security", pin).at is None


@pytest.mark.parametrize("value", [None, "", 5, {"previous": 1}, {"current": None}, []])
def test_a_rotation_without_ids_has_no_effect(value: Any) -> None:
    item = news("user_id_update", {"user_id_update": [{"user_id": value}]})
    assert isinstance(item, Notice)
    assert item.effect is None


def test_a_rotation_without_a_phone_drops_the_stored_one() -> None:
    ids = {"previous": "US.1old", "current": "US.2new"}
    effect = news("user_id_update", {"user_id_update": [{"user_id": ids}]}).effect
    assert effect.drops_phone
    assert (effect.previous, effect.current) == ((("bsuid", "US.1old"),), (("bsuid", "US.2new"),))


def test_a_list_that_is_none_does_not_hide_its_neighbours() -> None:
    value: Any = json.loads(bodies.body([bodies.text("wamid.1")]))
    value["entry"][0]["changes"][0]["value"] |= {"statuses": {}, "message_echoes": "x"}
    kinds = [type(item).__name__ for item in decode(json.dumps(value).encode(), now=NOW)]
    assert kinds == ["Malformed", "Malformed", "InboundMessage"]


@pytest.mark.parametrize("inner", [None, "x", {}, {"type": "hologram"}])
def test_an_edit_that_says_nothing_blanks_nothing(inner: Any) -> None:
    item = message(type="edit", edit={"original_message_id": "wamid.0", "message": inner})
    assert isinstance(item, Malformed)


def test_a_bare_string_is_the_text() -> None:
    assert message(text="Good morning").text == "Good morning"


@pytest.mark.parametrize("number", ["+351 910 000 042", "351910000042", "+351 (910) 000-042"])
def test_a_number_is_its_digits(number: str) -> None:
    assert message(**{"from": number}).party.identities == (("phone", "351910000042"),)


def test_a_name_is_found_under_another_spelling_of_the_number() -> None:
    value: Any = json.loads(bodies.body([bodies.text("wamid.1", sender="554188887777")]))
    people = [{"wa_id": "5541988887777", "profile": {"name": "Ana"}}]
    value["entry"][0]["changes"][0]["value"]["contacts"] = people
    assert decode(json.dumps(value).encode(), now=NOW)[0].party.name == "Ana"


def test_news_of_a_customer_may_name_them_only_inside_it() -> None:
    system = {"type": "user_changed_user_id", "user_id": "PT.2new", "body": "x"}
    raw = bodies.text("wamid.1") | {"type": "system", "system": system}
    value = json.loads(bodies.body([raw]))
    inner = value["entry"][0]["changes"][0]["value"]
    del inner["contacts"], inner["messages"][0]["from"]
    item = decode(json.dumps(value).encode(), now=NOW)[0]
    assert item.party.identities == (("bsuid", "PT.2new"),)
