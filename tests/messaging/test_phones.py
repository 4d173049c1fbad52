"""One key for every way to write a number (PROP-8)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.phones import canonical


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("5541988887777", "554188887777"),  # Brazil, mobile with and without the ninth digit
        ("554188887777", "554188887777"),
        ("554133334444", "554133334444"),  # a landline
        ("5541933334444", "5541933334444"),  # no mobile either, whatever it is
        ("5215512345678", "525512345678"),  # Mexico
        ("525512345678", "525512345678"),
        ("5491123456789", "541123456789"),  # Argentina, Buenos Aires
        ("541123456789", "541123456789"),
        ("54111523456789", "541123456789"),
        ("54351151234567", "543511234567"),  # a three-digit area
        ("54297415234567", "542974234567"),  # a four-digit area
        ("351910000042", "351910000042"),
        ("5", "5"),
        ("", ""),
    ],
)
def test_a_number_has_one_key(written: str, key: str) -> None:
    assert canonical(written) == key


@given(st.from_regex(r"(55|521|54|549|[1-9])[0-9]{0,14}", fullmatch=True))
def test_a_key_is_its_own_key(written: str) -> None:
    assert canonical(canonical(written)) == canonical(written)


@given(st.from_regex(r"[1-9][1-9][6-9][0-9]{7}", fullmatch=True))
def test_brazilian_mobiles_meet(local: str) -> None:
    area, number = local[:2], local[2:]
    assert canonical(f"55{area}9{number}") == canonical(f"55{area}{number}")


@given(st.from_regex(r"[2-9][0-9]{9}", fullmatch=True))
def test_mexican_and_argentinian_mobiles_meet(national: str) -> None:
    assert canonical(f"521{national}") == canonical(f"52{national}")
    assert canonical(f"549{national}") == canonical(f"54{national}")
