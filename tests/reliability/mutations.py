"""Real webhook bodies, spoilt: wrong types at any place, poison in strings, depth, huge numbers."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.messaging import bodies

PAYLOADS = Path(__file__).parent.parent / "payloads"
Place = tuple[str | int, ...]
DEEP: Any = "deep"
for _ in range(300):
    DEEP = [DEEP]
# Any: JSON of any shape is the point.
WRONG: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    10**400,
    -(2**63) - 1,
    2**64,
    1e308,
    0.1,
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "\udfff tail",
    "\u202e\u2066right to left\u2069",
    "\u200b\ufeff\u200d",
    "x" * 70_000,
    "𝕬" * 300,
    "'; DROP TABLE messaging_message; --",
    "9" * 400,
    "1e400",
    "-1",
    "NaN",
    [],
    [[]],
    [None],
    [{}],
    {},
    {"": ""},
    {"\0": "\0"},
    {"id": {"id": {"id": 1}}},
    {"type": "unheard_of", "unheard_of": {}},
    [1, "two", {"three": 3}],
    DEEP,
)
RAW = (b"NaN", b"Infinity", b"-0", b"1E400", b'"\\ud800"', b'"\\u0000"', b"\xff", b"0" * 1000, b"{")
DEPTH = 20_000


def samples() -> list[tuple[str, str, Any]]:
    """(provider, name, JSON) of every webhook body we have."""
    return [
        (folder, path.name, json.loads(path.read_bytes()))
        for folder in ("cloud", "twilio", "waha")
        for path in sorted((PAYLOADS / folder).glob("*.json"))
        if not path.name.startswith("api_") and "vector" not in path.name
    ]


def honest(provider: str, number: int) -> tuple[str, bytes]:
    """A body that nobody has spoilt, and the id of the message in it."""
    if provider == "cloud":
        wamid = f"wamid.honest.{number}"
        text = bodies.text(wamid, sender=f"3519{number:08}")
        return wamid, bodies.body([text], number_id="honest")
    if provider == "twilio":
        value = json.loads((PAYLOADS / "twilio" / "inbound_text.json").read_bytes())
        value["MessageSid"] = value["SmsSid"] = value["SmsMessageSid"] = f"SM{number:032}"
        return value["MessageSid"], urlencode(value | {"To": "whatsapp:+15550100998"}).encode()
    value = json.loads((PAYLOADS / "waha" / "message_text.json").read_bytes())
    value["session"] = "honest"
    value["payload"]["id"] = f"false_11111111111@c.us_HONEST{number:014}"
    return value["payload"]["id"], json.dumps(value).encode()


def mutate(provider: str, value: Any, dice: random.Random) -> bytes:
    """One spoilt body."""
    if provider == "twilio" and dice.random() < 0.7:
        return _form(value, dice)
    spoil = dice.choice((_replace, _replace, _replace, _remove, _swap, _repeat_key, _raw, _deep))
    for _ in range(dice.choice((0, 0, 1, 2))):
        value = json.loads(_replace(value, dice))
    content = spoil(value, dice)
    return content[: dice.randrange(len(content) + 1)] if dice.random() < 0.03 else content


def _places(value: Any, here: Place = ()) -> Iterator[Place]:
    yield here
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _places(inner, (*here, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _places(inner, (*here, number))


def _changed(value: Any, place: Place, change: Callable[[Any], Any]) -> Any:
    """A copy with another value in one place."""
    if not place:
        return change(value)
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = _changed(copy[place[0]], place[1:], change)
    return copy


def _anywhere(value: Any, dice: random.Random) -> Place:
    return dice.choice(list(_places(value)))


def _written(value: Any) -> bytes:
    """ASCII, so that lone surrogates travel as escapes, as strangers write them."""
    return json.dumps(value).encode()


def _replace(value: Any, dice: random.Random) -> bytes:
    wrong = dice.choice(WRONG)
    return _written(_changed(value, _anywhere(value, dice), lambda _: wrong))


def _remove(value: Any, dice: random.Random) -> bytes:
    place = _anywhere(value, dice)
    if not place:
        return dice.choice((b"", b"null", b"[]", b"{}", b'""', b"0"))

    def without(inner: Any) -> Any:
        if isinstance(inner, dict):
            return {name: each for name, each in inner.items() if name != place[-1]}
        return [each for number, each in enumerate(inner) if number != place[-1]]

    return _written(_changed(value, place[:-1], without))


def _swap(value: Any, dice: random.Random) -> bytes:
    """What stands in one place, in another one too."""
    source = _anywhere(value, dice)
    found = value
    for step in source:
        found = found[step]
    return _written(_changed(value, _anywhere(value, dice), lambda _: found))


def _repeat_key(value: Any, dice: random.Random) -> bytes:
    """The same name twice in one object."""
    content = _written(value)
    starts = [number for number, byte in enumerate(content) if byte == ord("{")]
    if not starts:
        return content
    at = dice.choice(starts) + 1
    name = dice.choice(("id", "type", "from", "messages", "entry", "payload", "event"))
    again = f'"{name}": {json.dumps(dice.choice(WRONG[:24]))}'.encode()
    is_empty = content[at:].lstrip().startswith(b"}")
    return content[:at] + again + (b"" if is_empty else b", ") + content[at:]


def _raw(value: Any, dice: random.Random) -> bytes:
    """Bytes in place of a value that no encoder would write."""
    marked = _written(_changed(value, _anywhere(value, dice), lambda _: "MARK"))
    return marked.replace(b'"MARK"', dice.choice(RAW), 1)


def _deep(value: Any, dice: random.Random) -> bytes:
    marked = _written(_changed(value, _anywhere(value, dice), lambda _: "MARK"))
    nested = dice.choice((b"[" * DEPTH + b"]" * DEPTH, b'{"a":' * DEPTH + b"1" + b"}" * DEPTH))
    return marked.replace(b'"MARK"', nested, 1)


def _form(value: dict[str, Any], dice: random.Random) -> bytes:
    fields = [(name, str(each)) for name, each in value.items()]
    number = dice.randrange(len(fields))
    name = fields[number][0]
    change = dice.randrange(4)
    if change == 0:
        del fields[number]
    elif change == 1:
        fields.append((name, "again"))
    else:
        wrong = dice.choice(WRONG)
        fields[number] = (name, wrong if isinstance(wrong, str) else json.dumps(wrong))
    content = urlencode(fields, errors="surrogatepass").encode()
    if change < 3:
        return content
    return content.replace(b"=", dice.choice((b"=%00", b"=%ff", b"=%", b"==")), 1)
