"""Every string in every language, and every page in its reader's."""

from __future__ import annotations

import re
from typing import Any

import pytest
from babel.messages.pofile import read_po
from django.utils import translation
from django.utils.translation import gettext

from config import translations

LANGUAGES = pytest.mark.parametrize("language", translations.LANGUAGES)
PLACES = re.compile(r"%\(\w+\)0?\d*[sd]|\{\w+\}")


@pytest.fixture(scope="module")
def strings():
    return translations.collected()


@LANGUAGES
def test_a_catalogue_is_what_collecting_would_make_of_it(language, strings) -> None:
    assert not translations.stale(language, strings)


@LANGUAGES
def test_nothing_is_left_in_english(language, strings) -> None:
    assert translations.untranslated(translations.merged(language, strings)) == []


@LANGUAGES
def test_translations_name_the_variables_of_their_originals(language, strings) -> None:
    wrong = []
    for message in translations.merged(language, strings):
        ids, said = _each(message.id), _each(message.string)
        known = {place for each in ids for place in PLACES.findall(each)}
        # A plural may leave out its number ("one day"), and nothing else.
        for each in filter(None, said) if message.id else ():
            named = set(PLACES.findall(each))
            if named - known or (len(ids) == 1 and named != known):
                wrong.append(each)
    assert wrong == []


@LANGUAGES
def test_what_is_compiled_is_what_django_says(language) -> None:
    path = translations.FOLDER / language / "LC_MESSAGES" / "django.po"
    wanted = {
        str(each.id): str(each.string)
        for each in read_po(path.open("rb"), locale=language)
        if each.id and each.string and isinstance(each.id, str) and not each.context
    }
    with translation.override(language):
        assert {original: gettext(original) for original in wanted} == wanted


def _each(strings: Any) -> tuple[str, ...]:
    """A string, or all forms of a plural."""
    return tuple(strings) if isinstance(strings, (list, tuple)) else (strings,)
