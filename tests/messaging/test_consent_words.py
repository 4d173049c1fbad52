from __future__ import annotations

import pytest

from messaging.consent_words import START, STOP, Wish, wish_in


@pytest.mark.parametrize(
    "text",
    [
        *(
            "STOP",
            " stop. ",
            "Stop!!",
            "«stop»",
            "S\u0301TOP",
            "PARAR",
            "Não quero receber mensagens",
        ),
        *("ARRÊTER", "arreter", "Abmelden!", "إلغاء الاشتراك", "الغاء الاشتراك", "रोकें", "Стоп"),
        *("ABONELİKTEN ÇIK", "abonelikten cik", "berhenti", "退订", "Unsubscribe 🙏"),
    ],
)
def test_a_no_is_heard_however_it_is_written(text) -> None:
    assert wish_in(text) is Wish.STOP


@pytest.mark.parametrize("text", ["start", "Começar", "COMECAR!", "ابدأ", "शुरू करें", "BAŞLAT"])
def test_a_yes_is_heard(text) -> None:
    assert wish_in(text) is Wish.START


@pytest.mark.parametrize(
    "text",
    [
        *("", "!", "Stop by tomorrow?", "Please stop the delivery", "cancel", "no", "Fim", "red"),
        *("Não", "non-stop", "stop " * 20, "bus stop", "Sair às 9?"),
    ],
)
def test_other_messages_say_nothing_of_it(text) -> None:
    assert wish_in(text) is None


def test_no_word_says_both() -> None:
    assert {wish_in(word) for word in STOP} == {Wish.STOP}
    assert {wish_in(word) for word in START} == {Wish.START}
