"""Messages as programs send them: good ones, nearly good ones, and garbage."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from messaging.providers.cloud.checks import CHECKS

PLACE = {"latitude": 38.7, "longitude": -9.1, "name": "Largo do Carmo"}
CARD = {"name": {"formatted_name": "Matilde Sá", "first_name": "Matilde"}}
BUTTONS = {
    "type": "button",
    "body": {"text": "Shall we bake it?"},
    "action": {
        "buttons": [
            {"type": "reply", "reply": {"id": "yes", "title": "Yes"}},
            {"type": "reply", "reply": {"id": "no", "title": "No"}},
        ]
    },
}
LIST = {
    "type": "list",
    "body": {"text": "Which one?"},
    "action": {
        "button": "Cakes",
        "sections": [{"rows": [{"id": f"r{place}", "title": "Almond"} for place in range(10)]}],
    },
}
LINK = {
    "type": "cta_url",
    "body": {"text": "See it."},
    "action": {
        "name": "cta_url",
        "parameters": {"display_text": "Open", "url": "https://example.com"},
    },
}
REACTION = {"message_id": "wamid.A", "emoji": "👍"}
TEMPLATE = {"name": "order_ready", "language": {"code": "pt_PT"}}
GOOD: dict[str, tuple[str, str, dict[str, Any]]] = {
    "text": ("text", "Bom dia", {}),
    "image": ("image", "Bolo", {"image": {"upload": 3}}),
    "audio": ("audio", "", {"audio": {"id": "1"}}),
    "location": ("location", "", {"location": PLACE}),
    "contacts": ("contacts", "", {"contacts": [CARD]}),
    "reaction": ("reaction", "", {"reaction": REACTION}),
    "button": ("interactive", "", {"interactive": BUTTONS}),
    "list": ("interactive", "", {"interactive": LIST}),
    "cta_url": ("interactive", "", {"interactive": LINK}),
    "template": ("template", "", {"template": TEMPLATE}),
}

Message = tuple[str, str, dict[str, Any]]
KINDS = sorted(CHECKS)
WAYS = [0.0, 90, -90, 90.01, 180, -181, "37.5", "-122.16153582049394", True, None, "", " ", "x"]
LENGTHS = [20, 21, 24, 25, 60, 61, 72, 73, 200, 201, 256, 257, 1024, 1025, 4096, 4097]
OTHERS = ["wamid.A", "😀", "👍🏽", "👨‍👩‍👧", "🇵🇹", "1️⃣", "❤️", "😀😀", "1999-01-23", "1999-13-01"]
LINKS = ["https://example.com/a?b#c", "http://", "ftp://a.example", "https://a b", "https://[x"]

words = st.text(max_size=12) | st.sampled_from(
    [*("ß" * length for length in LENGTHS), *OTHERS, *LINKS]
)
scalars = st.sampled_from(WAYS) | words | st.integers() | st.floats(allow_nan=False)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4)
)
garbage = st.tuples(
    st.sampled_from(KINDS) | words,
    words,
    st.dictionaries(st.sampled_from(KINDS) | words, anything, max_size=3),
)


@st.composite
def _nearly_good(draw: st.DrawFn) -> Message:
    """A good message with up to three values replaced, dropped, or doubled."""
    kind, text, content = deepcopy(GOOD[draw(st.sampled_from(sorted(GOOD)))])
    for _ in range(draw(st.integers(0, 3))):
        places = list(_places(content))
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        change = draw(st.sampled_from(["replace", "replace", "replace", "drop", "double", "nest"]))
        if change == "drop":
            del holder[key]
        elif change == "double" and isinstance(holder[key], list):
            holder[key] = holder[key] + deepcopy(holder[key])
        elif change == "nest":
            holder[key] = draw(anything)
        else:
            holder[key] = draw(scalars)
    return kind, draw(st.just(text) | words), content


def _places(value: Any) -> Any:
    """Every place in a JSON value that could hold something else."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, held in list(inside):
        yield value, key
        if isinstance(held, dict | list):
            yield from _places(held)


nearly_good = _nearly_good()
