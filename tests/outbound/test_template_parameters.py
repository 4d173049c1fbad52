"""What a template needs, whether it was given, and the request that it makes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from messaging.providers.cloud.encoding import encode
from messaging.providers.outgoing import Outgoing, OutgoingFile, Recipient
from outbound.template_input import from_components, from_parameters, problems
from outbound.template_parameters import Shape, build, shape_of
from outbound.template_preview import preview, words_of

CARLA = Recipient(kind="phone", value="16505551234")
ORDER = "Thanks {{%s}}! Your order {{%s}} is on its way."


def body(text: str, **rest: Any) -> list[dict[str, Any]]:
    return [{"type": "BODY", "text": text}, *rest.pop("more", [])]


def buttons(*given: dict[str, Any]) -> list[dict[str, Any]]:
    return body("Hi", more=[{"type": "BUTTONS", "buttons": list(given)}])


def listed(payloads: Path) -> dict[str, dict[str, Any]]:
    found = json.loads((payloads / "cloud" / "api_templates_list.json").read_text())["data"]
    return {each["name"]: each for each in found}


def complaints(shape: Shape, given: Any) -> dict[str, str]:
    return {each.key: each.sentence for each in problems(shape, from_parameters(shape, given))}


@pytest.mark.parametrize(
    ("name", "variables", "given"),
    [
        (
            "named",
            ("first_name", "order_number"),
            {"first_name": "Jessica", "order_number": "SKBUP2-4CPIG9"},
        ),
        ("positional", ("1", "2"), ["Jessica", "SKBUP2-4CPIG9"]),
    ],
)
def test_requests_are_the_documented_ones(payloads, name, variables, given) -> None:
    shape = shape_of(body(ORDER % variables), name.upper())
    template = {
        "name": "order_confirmation",
        "language": {"code": "en_US"},
        "components": build(shape, from_parameters(shape, given)),
    }
    content = {"template": template}
    made = encode(Outgoing(kind="template", text="", recipient=CARLA, content=content))
    golden = payloads / "cloud" / f"api_send_request_template_{name}_params.json"
    assert made == json.loads(golden.read_text())


def test_a_listed_template_says_what_it_needs(payloads) -> None:
    template = listed(payloads)["reservation_confirmation"]
    shape = shape_of(template["components"], template["parameter_format"])
    assert {slot.key: slot.example for slot in shape.slots} == {
        "header.image": "",
        "body.number_of_guests": "4",
        "body.day": "Saturday",
        "body.date": "August 30th, 2025",
        "body.time": "7:30 pm",
        "buttons.2": "",
    }
    assert [slot.key for slot in shape.slots if not slot.required] == ["buttons.2"]
    assert complaints(shape, {}).keys() == {s.key for s in shape.slots if s.required}


def test_headers_of_every_kind_are_filled() -> None:
    place = {"latitude": "38.7", "longitude": -9.1, "name": "Shop"}
    for kind, given in (
        ("image", {"id": "1001"}),
        ("video", {"link": "https://example.com/a.mp4"}),
        ("document", {"id": "1002", "filename": "bill.pdf"}),
        ("location", place),
    ):
        shape = shape_of([{"type": "HEADER", "format": kind.upper()}])
        for form in ({"header": given}, {"header": {kind: given}}):
            filled = from_parameters(shape, form)
            assert problems(shape, filled) == []
            assert build(shape, filled) == [
                {"type": "header", "parameters": [{"type": kind, kind: given}]}
            ]


def test_buttons_of_every_kind_are_filled() -> None:
    shape = shape_of(
        buttons(
            {"type": "URL", "text": "Track", "url": "https://example.com/{{1}}"},
            {"type": "QUICK_REPLY", "text": "Stop"},
            {"type": "COPY_CODE", "text": "Copy", "example": "SAVE10"},
            {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+351210000001"},
        )
    )
    filled = from_parameters(shape, {"buttons": {"0": "42", "1": {"payload": "no"}, "2": "SAVE"}})
    assert problems(shape, filled) == []
    made = [(each["sub_type"], each["index"], each["parameters"]) for each in build(shape, filled)]
    assert made == [
        ("url", "0", [{"type": "text", "text": "42"}]),
        ("quick_reply", "1", [{"type": "payload", "payload": "no"}]),
        ("copy_code", "2", [{"type": "coupon_code", "coupon_code": "SAVE"}]),
    ]


def test_the_clouds_own_form_means_the_same() -> None:
    shape = shape_of(
        [
            {"type": "HEADER", "format": "IMAGE"},
            *body("Hi {{1}}", more=buttons({"type": "URL", "url": "https://a.example/{{1}}"})[1:]),
        ]
    )
    ours = from_parameters(shape, {"header": {"id": "7"}, "body": ["Ana"], "buttons": {"0": "x"}})
    assert from_components(shape, build(shape, ours)) == ours


@pytest.mark.parametrize("value", ["", "  ", "a\nb", "a\tb", "a     b", None, ["x"], True])
def test_values_that_whatsapp_refuses_are_named(value) -> None:
    shape = shape_of(body("Hi {{1}} and {{2}}"))
    assert complaints(shape, ["fine    here", value]).keys() == {"body.2"}


def test_what_is_missing_or_too_much_is_named() -> None:
    shape = shape_of(body("Hi {{name}}"))
    assert complaints(shape, {"other": "x"}).keys() == {"body.name", "body.other"}
    assert complaints(shape, {"body": {"name": "A"}, "header": {"1": "x"}}).keys() == {"header.1"}
    twice = [{"type": "body", "parameters": [{"type": "text", "text": "A"}] * 2}]
    positional = shape_of(body("Hi {{1}}"))
    assert [each.key for each in problems(positional, from_components(positional, twice))] == [
        "body.2"
    ]


@pytest.mark.parametrize(
    ("component", "most"),
    [({"type": "BODY", "text": "Hi {{1}}!"}, 1024), ({"type": "HEADER", "text": "Hi {{1}}!"}, 60)],
)
def test_texts_are_measured_filled(component, most) -> None:
    shape = shape_of([{**component, "format": "TEXT"}])
    part = component["type"].lower()
    assert complaints(shape, {part: ["x" * (most - 4)]}) == {}
    assert complaints(shape, {part: ["x" * (most - 3)]}).keys() == {f"{part}.1"}


@pytest.mark.parametrize("file", [{}, {"link": "http://a.example/x"}, {"id": 1, "link": "x"}, "x"])
def test_a_header_wants_one_file(file) -> None:
    shape = shape_of([{"type": "HEADER", "format": "VIDEO"}])
    assert complaints(shape, {"header": {"video": file}}).keys() == {"header.video"}


def test_carousels_travel_as_they_are_or_not_at_all() -> None:
    shape = shape_of(body("Hi {{1}}", more=[{"type": "CAROUSEL", "cards": [{}]}]))
    assert complaints(shape, ["Ana"]).keys() == {"carousel"}
    carousel = {"type": "carousel", "cards": [{"card_index": 0}]}
    text = {"type": "body", "parameters": [{"type": "text", "text": "Ana"}]}
    filled = from_components(shape, [text, carousel])
    assert problems(shape, filled) == []
    assert build(shape, filled) == [text, carousel]


def test_the_preview_is_what_the_customer_sees(payloads) -> None:
    template = listed(payloads)["coupon_expiration_reminder_number_vars"]
    shape = shape_of(template["components"])
    filled = from_parameters(shape, {"header": ["Ana"], "body": ["SUMMER20", 10]})
    shown = preview(template["components"], filled.values)
    assert shown["header"] == {"format": "text", "text": "Act fast, Ana!"}
    assert "coupon code, SUMMER20, *expires in only 10 days!*" in words_of(shown)
    assert shown["footer"] == "Lucky Shrub Succulents"
    assert [each["text"] for each in shown["buttons"]] == ["See deals", "Unsubscribe"]


@pytest.mark.parametrize("absurd", [None, "x", 5, [5], [{"type": 5}], [{"type": "BUTTONS"}]])
def test_absurd_components_need_nothing(absurd) -> None:
    shape = shape_of(absurd)
    assert (shape.slots, build(shape, from_parameters(shape, absurd))) == ((), [])
    preview(absurd, {})


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("image", {"id": "77"}), ("document", {"id": "77", "filename": "bill.pdf"})],
)
def test_an_upload_in_the_header_leaves_under_the_platforms_id(kind, expected) -> None:
    shape = shape_of([{"type": "HEADER", "format": kind.upper()}, *body("Hi {{1}}")])
    filled = from_parameters(shape, {"header": {"upload": 5}, "body": ["Ana"]})
    assert problems(shape, filled) == []
    content = {"template": {"name": "x", "components": build(shape, filled)}}
    file = OutgoingFile(kind=kind, mime_type="x/y", filename="bill.pdf", provider_id="77")
    message = Outgoing(kind="template", text="", recipient=CARLA, content=content, file=file)
    parts = encode(message)["template"]["components"]
    assert parts[0]["parameters"] == [{"type": kind, kind: expected}]
    assert parts[1]["parameters"] == [{"type": "text", "text": "Ana"}]
