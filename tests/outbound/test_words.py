from __future__ import annotations

import pytest

from messaging.providers.answers import Failure
from outbound.error_codes import CODE_RANGES, CODES, TABLES, ErrorClass, Remedy
from outbound.words import BY_CLASS, BY_CODE, OWN_CODES, remedy_for, words_for


def test_every_class_has_a_sentence_and_a_next_step() -> None:
    assert set(BY_CLASS) == set(ErrorClass)


@pytest.mark.parametrize("words", [*BY_CLASS.values(), *BY_CODE.values()])
def test_sentences_are_calm_and_name_no_code(words: object) -> None:
    for sentence in (words.sentence, words.next_step):  # type: ignore[attr-defined]
        assert sentence[0].isupper()
        assert sentence[-1] in ".:"
        assert "!" not in sentence
        assert "oops" not in sentence.lower()
        assert not any(code in sentence for code in map(str, CODES) if len(code) > 3)


def test_every_failure_has_words() -> None:
    assert {failure.value for failure in Failure} <= set(OWN_CODES)


def test_an_unlisted_code_keeps_its_raw_title() -> None:
    assert words_for("424242", title="Something new").title == "Something new"
    assert words_for("131047", title="Re-engagement message").title == ""


def test_an_unconfirmed_message_says_what_to_check() -> None:
    words = words_for("unconfirmed")
    assert words.sentence == "WhatsApp did not confirm this message."
    assert words.next_step == "Check with the customer before sending it again."


def test_a_code_means_one_thing_whoever_said_it() -> None:
    seen: set[int] = set()
    for table in TABLES:
        assert not seen & table.keys()
        assert not any(code in codes for code in table for codes, _ in CODE_RANGES)
        seen |= table.keys()


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("63016", Remedy.WINDOW_CLOSED),
        ("63018", Remedy.WAIT),
        ("63049", Remedy.WAIT),
        ("20429", Remedy.WAIT),
        ("20003", Remedy.RECONNECT),
        ("63027", Remedy.TEMPLATE_FIX),
        ("21610", Remedy.PERMANENT),
        ("63012", Remedy.RETRY),
        ("401", Remedy.RECONNECT),
        ("422", Remedy.RETRY),
        ("429", Remedy.WAIT),
        ("400", Remedy.PERMANENT),
    ],
)
def test_other_providers_codes_have_their_remedies(code: str, remedy: Remedy) -> None:
    assert remedy_for(code) is remedy
